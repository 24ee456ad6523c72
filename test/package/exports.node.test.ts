import { glob, readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { pathToFileURL } from 'node:url'
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

const chat = ['awaitedToolCalls', 'createChat', 'createStream']
const hooks = ['useChat', 'useSnapshot', 'useStore', 'useStream']

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
  './chat': chat,
  './chat/core': chat,
  './react': hooks,
  './svelte': ['createChat', 'createStream', 'toReactive'],
  './vue': hooks,
  './server': ['chatResponse', 'writeChat'],
}

const entries = Object.entries(manifest.exports).flatMap(([subpath, target]) =>
  typeof target === 'string' ? [] : [{ subpath, file: target.default, types: target.types }],
)

/** Loads an entry as it was built. The path is hidden from Vite, which would take the source. */
const load = (file: string): Promise<Record<string, unknown>> =>
  import(/* @vite-ignore */ pathToFileURL(file).href)

test('the package has exactly these entries', () => {
  expect(entries.map((entry) => entry.subpath)).toEqual(Object.keys(expected))
})

test.each(entries)('$subpath exports exactly its public names', async ({ subpath, file }) => {
  expect(Object.keys(await load(file)).sort()).toEqual(expected[subpath])
})

test.each(entries)('the declarations of $subpath import nothing by .ts', async ({ types }) => {
  const code = await readFile(types, 'utf8')
  expect(code).toMatch(/from '\.\.?\/[^']+\.js'/)
  expect(code).not.toMatch(/'\.[^']+\.ts'/)
})

test('the frameworks are optional', () => {
  const optional = Object.entries(manifest.peerDependenciesMeta)
  expect(optional).toEqual(['react', 'svelte', 'vue'].map((name) => [name, { optional: true }]))
  expect(Object.keys(manifest.peerDependencies)).toEqual(Object.keys(manifest.peerDependenciesMeta))
})

test('all entries share one ChatError class', async () => {
  const [index, core] = await Promise.all([load('dist/index.js'), load('dist/core.js')])
  expect(index['ChatError']).toBe(core['ChatError'])
})

test('the one dependency is eventsource-parser; neither it nor a framework is bundled', async () => {
  expect(Object.keys(manifest.dependencies)).toEqual(['eventsource-parser'])
  const imported: Record<string, Set<string>> = {}
  for await (const file of glob('dist/**/*.js')) {
    const code = await readFile(file, 'utf8')
    for (const [, name = ''] of code.matchAll(/^(?:import |export |} ).*?"([^".][^"]*)";$/gm)) {
      const users = file.includes('adapters') ? basename(file) : 'the rest'
      imported[users] = (imported[users] ?? new Set()).add(name)
    }
  }
  expect(imported).toEqual({
    'react.js': new Set(['react']),
    'svelte.js': new Set(['svelte', 'svelte/reactivity']),
    'vue.js': new Set(['vue']),
    'the rest': new Set(['eventsource-parser']),
  })
})
