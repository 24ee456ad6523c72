import type { RequestListener } from 'node:http'
import { join } from 'node:path'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import vue from '@vitejs/plugin-vue'
import { build } from 'vite'

const source = (file: string): string => join(import.meta.dirname, '../src', file)

/** The page imports the package by name, and gets its sources. */
const alias = [
  { find: /^chatwire$/, replacement: source('index.ts') },
  { find: /^chatwire\/chat$/, replacement: source('chat.ts') },
  { find: /^chatwire\/(react|svelte|vue)$/, replacement: source('adapters/$1.ts') },
]

const types: ReadonlyMap<string, string> = new Map([
  ['html', 'text/html; charset=utf-8'],
  ['js', 'text/javascript; charset=utf-8'],
  ['css', 'text/css; charset=utf-8'],
])

/** Builds the demo page in memory, from its sources and those of the package, and serves it. */
export async function servePage(): Promise<RequestListener> {
  const built = await build({
    configFile: false,
    root: join(import.meta.dirname, 'page'),
    logLevel: 'warn',
    plugins: [vue(), svelte({ configFile: false })],
    resolve: { alias },
    build: { write: false, modulePreload: { polyfill: false }, chunkSizeWarningLimit: 1000 },
  })
  if (!('output' in built)) throw new TypeError('One page is one build.')
  const files = new Map(
    built.output.map((file) => [
      `/${file.fileName}`,
      file.type === 'chunk' ? file.code : file.source,
    ]),
  )

  return (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1')
    const name = pathname === '/' ? '/index.html' : pathname
    const file = files.get(name)
    if (file === undefined) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('Not found.\n')
      return
    }
    const type = types.get(name.slice(name.lastIndexOf('.') + 1)) ?? 'application/octet-stream'
    response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store' }).end(file)
  }
}
