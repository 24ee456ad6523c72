import { spawnSync } from 'node:child_process'
import { glob, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { beforeAll, expect, test } from 'vitest'

const folder = '.tmp/readme'

interface Block {
  /** The file it comes from and the line of its first line of code. */
  source: string
  line: number
  language: string
  code: string
}

/** The fenced blocks of a Markdown text that hold TypeScript or JavaScript. */
function blocksOf(source: string, markdown: string): Block[] {
  const fences = markdown.matchAll(/^( *)```(tsx?|jsx?)\b.*\n([\s\S]*?)^\1```$/gm)
  return [...fences].map(({ index, 2: language = '', 3: code = '' }) => ({
    source,
    line: markdown.slice(0, index).split('\n').length + 1,
    language,
    code,
  }))
}

/** A file of its own for each block, moved down so that its line numbers are those of the source. */
const moduleOf = ({ line, code }: Block) => `${'\n'.repeat(line - 1)}${code}\nexport {}\n`

const fileOf = ({ source, line, language }: Block) =>
  `${source.replaceAll(/[^\w-]+/g, '_')}_line_${line}.${language}`

// Like a strict user's: Node and the browser at once, the package by its name, as it was built.
const tsconfig = {
  compilerOptions: {
    target: 'ES2023',
    lib: ['ES2023', 'ESNext.Disposable', 'DOM', 'DOM.Iterable', 'DOM.AsyncIterable'],
    module: 'NodeNext',
    types: ['node'],
    jsx: 'react-jsx',
    allowJs: true,
    checkJs: true,
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
  },
  include: ['*'],
}

let blocks: Block[]
let report: string

beforeAll(async () => {
  const sources = await Array.fromAsync(glob('{README.md,docs/**/*.md}'))
  const texts = await Promise.all(sources.map((source) => readFile(source, 'utf8')))
  blocks = sources.flatMap((source, i) => blocksOf(source, texts[i] ?? ''))

  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await writeFile(`${folder}/tsconfig.json`, JSON.stringify(tsconfig))
  for (const block of blocks) await writeFile(`${folder}/${fileOf(block)}`, moduleOf(block))

  const tsc = ['node_modules/typescript/bin/tsc', '-p', folder, '--pretty', 'false']
  report = spawnSync(process.execPath, tsc, { encoding: 'utf8' }).stdout
}, 60_000)

test('the README has code to check', () => {
  expect(blocks.filter((block) => block.source === 'README.md').length).toBeGreaterThan(0)
})

test('every code block of the README and the docs type-checks', () => {
  const errors = report.replaceAll(/^\S*?([\w-]+)_line_\d+\.\w+\((\d+),(\d+)\)/gm, '$1 line $2')
  expect(errors.trim()).toBe('')
})
