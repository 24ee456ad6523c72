/**
 * Writes docs/api.md: every export of every entry, with its declaration and its documentation, from
 * the declarations that the build made. Run it after `npm run build`.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import manifest from '../package.json' with { type: 'json' }

/** The compiler begins each statement at the margin, and the documentation of it above that. */
const DOC = String.raw`(?:/\*\*(?<doc>(?:(?!\*/).|\n)*)\*/\n)?`
const REEXPORT = String.raw`(?:type )?(?<names>\*|\{.*\}) from '(?<from>.*)\.js'`
const DECLARATION = String.raw`(?<kind>function|const|class|interface|type) (?<name>[\w$]+).*(?:\n[ }].*)*`
const STATEMENT = `^${DOC}(?:export )?(?:declare )?(?<code>${REEXPORT}|${DECLARATION})`

interface Declared {
  isType: boolean
  text: string
}

/** What a declaration file declares and re-exports, by name. */
async function declarationsOf(file: string): Promise<Map<string, Declared>> {
  const own = new Map<string, Declared>()
  const others = new Map<string, Declared>()
  const code = await readFile(file, 'utf8')
  for (const { groups = {} } of code.matchAll(new RegExp(STATEMENT, 'gm'))) {
    const { doc = '', code = '', names, from = '', kind = '', name = '' } = groups
    if (names === undefined) {
      // Overloads have one name.
      const before = own.has(name) ? `${own.get(name)?.text}\n\n` : ''
      const isType = kind === 'interface' || kind === 'type'
      own.set(name, { isType, text: before + describe(code, doc) })
      continue
    }
    const all = await declarationsOf(join(file, '..', `${from}.d.ts`))
    for (const other of selected(all, names)) others.set(...other)
  }
  return new Map([...others, ...own])
}

/** The declarations that are exported by name, and those that they extend. */
function selected(all: Map<string, Declared>, names: string): [string, Declared][] {
  if (names === '*') return [...all]
  const isIn = (text: string, name: string) => new RegExp(`\\b${name}\\b`).test(text)
  const chosen = [...all].filter(([name]) => isIn(names, name))
  for (const [, { text }] of chosen) {
    const bases = /^interface .* extends (.*) \{$/m.exec(text)?.[1] ?? ''
    const isNew = ([name]: [string, Declared]) => chosen.every(([other]) => other !== name)
    chosen.push(...[...all].filter(isNew).filter(([name]) => isIn(bases, name)))
  }
  return chosen
}

const LEADS = new Map([
  ['throws', 'Throws'],
  ['returns', 'Returns'],
  ['see', 'See'],
])

function describe(code: string, doc: string): string {
  const fence = (text: string) => `\`\`\`typescript\n${text.trim()}\n\`\`\``
  const prose = doc
    .replaceAll(/^ ?\* ?/gm, '')
    .replaceAll(/\{@link (?:core\.)?([^}]*)\}/g, '`$1`')
    .replaceAll(/^@example\n((?:(?!@).*\n?)+)/gm, (_, example: string) => `\n${fence(example)}`)
    .replaceAll(/^@param (\w+) - /gm, '- `$1`: ')
    .replaceAll(
      /^@(\w+) (?:\{(\w+)\} )?/gm,
      (_, tag: string, type = '') => `- ${LEADS.get(tag)} ${type && `\`${type}\` `}`,
    )
  return `${prose.trim()}\n\n${fence(code)}`.trim().replaceAll(/\n{3,}/g, '\n\n')
}

/** The text of docs/api.md: each declaration once, under the first entry that has it. */
export async function apiPage(): Promise<string> {
  const sections = ['# API', '*Written by `scripts/api.ts` from the code: do not edit.*']
  const entries = Object.entries(manifest.exports).flatMap(([path, entry]) =>
    typeof entry === 'string' ? [] : { entry: `chatwire${path.slice(1)}`, types: entry.types },
  )
  const links = entries.map(({ entry }) => `- [${entry}](#${entry.replaceAll('/', '')})`)
  sections.push(links.join('\n'))
  const seen = new Set<string>()
  for (const { entry, types } of entries) {
    sections.push(`## ${entry}`)
    const all = [...(await declarationsOf(types))].filter(([, { text }]) => !seen.has(text))
    for (const isType of [false, true]) {
      for (const [name, declared] of all.filter(([, other]) => other.isType === isType)) {
        sections.push(`### ${name}`, declared.text)
        seen.add(declared.text)
      }
    }
  }
  return `${sections.join('\n\n')}\n`
}

if (import.meta.main) await writeFile('docs/api.md', await apiPage())
