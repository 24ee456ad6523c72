import { readdir, readFile } from 'node:fs/promises'
import { posix } from 'node:path'
import { expect, test } from 'vitest'

/**
 * The layers of src/, lowest first; a name with a slash at the end is a folder. A file imports only
 * from lower layers and, in its own layer, from its own folder.
 */
const layers: string[][] = [
  // The vocabulary: what is said, and how data from the wire is looked at.
  [
    'stage.ts',
    'errors.ts',
    'must.ts',
    'chat-event.ts',
    'json-scan.ts',
    'wire-value.ts',
    'provider-error.ts',
  ],
  ['framing/'],
  ['formats/', 'buffer/'],
  ['options.ts', 'arguments.ts'],
  ['transport/'],
  ['server/'],
  [
    'answer.ts',
    'answer-body.ts',
    'chat-machine.ts',
    'stream-chat.ts',
    'stream-events.ts',
    'consume.ts',
  ],
  ['core.ts', 'formats.ts', 'server.ts'],
  ['index.ts', 'chat/'],
  ['chat-core.ts'],
  ['chat.ts'],
  ['adapters/'],
]

/** The packages that files of src/ import, and which files those are. */
const packages: Record<string, string[]> = {
  'eventsource-parser': ['framing/sse.ts'],
  react: ['adapters/react.ts'],
  svelte: ['adapters/svelte.ts'],
  'svelte/reactivity': ['adapters/svelte.ts'],
  vue: ['adapters/vue.ts'],
}

interface Import {
  from: string
  /** A path in src/, or the name of a package. */
  to: string
  typeOnly: boolean
}

const files = (await readdir('src', { recursive: true }))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.replaceAll('\\', '/'))
  .sort()

const imports: Import[] = []
for (const from of files) {
  const code = await readFile(`src/${from}`, 'utf8')
  for (const [, typeOnly, to = ''] of code.matchAll(
    /^(?:import|export)( type)?(?: [\w*{][^'";]*? from)? '([^']+)'/gm,
  )) {
    const path = to.startsWith('.') ? posix.join(posix.dirname(from), to) : to
    imports.push({ from, to: path, typeOnly: typeOnly !== undefined })
  }
}
const inside = imports.filter(({ to }) => files.includes(to))

/** The wire formats: what the entry `chatwire/formats` gives out. */
const formats = inside
  .filter(({ from, typeOnly }) => from === 'formats.ts' && !typeOnly)
  .map(({ to }) => to)

const folderOf = (file: string) => file.slice(0, file.indexOf('/') + 1)

/** How high a file stands; -1 if it has no layer. */
const layerOf = (file: string) =>
  layers.findIndex((names) => names.includes(file) || names.includes(folderOf(file)))

const show = ({ from, to }: Import) => `${from} imports ${to}`

test('every file has its layer', () => {
  expect(files.length).toBeGreaterThan(0)
  expect(files.filter((file) => layerOf(file) < 0)).toEqual([])
})

test('every relative import names a file of src/, with its extension', () => {
  const relative = imports.filter(({ to }) => packages[to] === undefined)
  expect(relative.length).toBeGreaterThan(0)
  expect(relative.filter(({ to }) => !files.includes(to)).map(show)).toEqual([])
})

test('imports point one way', () => {
  const wrong = inside.filter(({ from, to }) => {
    const rise = layerOf(to) - layerOf(from)
    return rise > 0 || (rise === 0 && folderOf(to) !== folderOf(from))
  })
  expect(wrong.map(show)).toEqual([])
})

test('no file imports itself, by whatever way', () => {
  const values = inside.filter(({ typeOnly }) => !typeOnly)
  const reach = (file: string, seen = new Set<string>()): Set<string> => {
    for (const { to } of values.filter(({ from }) => from === file)) {
      if (!seen.has(to)) reach(to, seen.add(to))
    }
    return seen
  }
  expect(files.filter((file) => reach(file).has(file))).toEqual([])
})

test.each(Object.entries(packages))('%s is imported by %s only', (name, users) => {
  expect(imports.filter(({ to }) => to === name).map(({ from }) => from)).toEqual(users)
})

test('formats do not know each other; only auto knows them all', () => {
  expect(formats).toContain('formats/auto.ts')
  const wrong = inside.filter(
    ({ from, to }) => formats.includes(from) && formats.includes(to) && from !== 'formats/auto.ts',
  )
  expect(wrong.map(show)).toEqual([])
})

test.each(['core.ts', 'chat-core.ts'])('%s brings no format with it', (entry) => {
  const reach = new Set([entry])
  for (const file of reach) {
    for (const { from, to, typeOnly } of inside) if (from === file && !typeOnly) reach.add(to)
  }
  expect(formats.filter((file) => reach.has(file))).toEqual([])
})
