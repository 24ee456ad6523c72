import { glob, readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }

const functions = [
  'ChatError',
  'bufferText',
  'collect',
  'createSseDecoder',
  'createTextBuffer',
  'isChatError',
  'readChat',
  'readEvents',
  'streamChat',
  'streamEvents',
  'textOf',
]

const expected: Record<string, string[]> = {
  '.': functions,
  './core': functions,
  './formats': [
    'agui',
    'aiSdk',
    'aiSdkData',
    'anthropic',
    'auto',
    'cohere',
    'gemini',
    'geminiInteractions',
    'langgraph',
    'ollama',
    'openaiChat',
    'openaiResponses',
    'plain',
    'rawText',
    'select',
    'thinkTags',
  ],
  './server': ['chatResponse', 'writeChat'],
}

const entries = Object.entries(manifest.exports).flatMap(([subpath, target]) =>
  typeof target === 'string' ? [] : [{ subpath, file: target.default, types: target.types }],
)

/** Loads an entry as it was built. The path is hidden from Vite, which would take the source. */
const load = (file: string): Promise<Record<string, unknown>> =>
  import(/* @vite-ignore */ new URL(`../../${file}`, import.meta.url).href)

test('the package has exactly these entries', () => {
  expect(entries.map((entry) => entry.subpath)).toEqual(Object.keys(expected))
})

test.each(entries)('$subpath exports exactly its public names', async ({ subpath, file }) => {
  expect(Object.keys(await load(file)).sort()).toEqual(expected[subpath])
})

test.each(entries)('the declarations of $subpath import nothing by .ts', async ({ types }) => {
  const code = await readFile(types, 'utf8')
  expect(code).toMatch(/from '\.\/[^']+\.js'/)
  expect(code).not.toMatch(/'\.[^']+\.ts'/)
})

test('all entries share one ChatError class', async () => {
  const [index, core] = await Promise.all([load('dist/index.js'), load('dist/core.js')])
  expect(index['ChatError']).toBe(core['ChatError'])
})

test('the one dependency is eventsource-parser, and it is not bundled', async () => {
  expect(Object.keys(manifest.dependencies)).toEqual(['eventsource-parser'])
  const imported = new Set<string>()
  for await (const file of glob('dist/*.js')) {
    const code = await readFile(file, 'utf8')
    for (const [, name = ''] of code.matchAll(/^(?:import |export |} ).*?"([^".][^"]*)";$/gm)) {
      imported.add(name)
    }
  }
  expect([...imported]).toEqual(['eventsource-parser'])
})
