import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { demoAnswer } from '../../demo/answer.ts'

/** How the answer comes. */
export interface Stream {
  name: string
  deltas: readonly string[]
  /** How many deltas a second; all at once if there is no figure. */
  perSecond?: number
}

/** As many tokens as asked for. */
function tokens(count: number): string[] {
  const { text } = demoAnswer
  return Array.from({ length: count }, (_, i) => text[i % text.length] ?? '')
}

export const streams: readonly Stream[] = [
  { name: 'paced', deltas: tokens(1500), perSecond: 300 },
  { name: 'burst', deltas: tokens(2000) },
]

/** The UI message stream of the AI SDK: its client reads nothing else, and all others can, too. */
const frame = (chunk: object | string): string =>
  `data: ${typeof chunk === 'string' ? chunk : JSON.stringify(chunk)}\n\n`

const opening = [{ type: 'start' }, { type: 'start-step' }, { type: 'text-start', id: '0' }]
const ending = [
  { type: 'text-end', id: '0' },
  { type: 'finish-step' },
  { type: 'finish' },
  '[DONE]',
]

async function play(response: ServerResponse, { deltas, perSecond }: Stream): Promise<void> {
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'x-vercel-ai-ui-message-stream': 'v1',
  })
  const frames = deltas.map((delta) => frame({ type: 'text-delta', id: '0', delta }))
  response.write(opening.map(frame).join(''))
  const startedAt = performance.now()
  for (let sent = 0; sent < frames.length && !response.destroyed; ) {
    const due = perSecond ? ((performance.now() - startedAt) / 1000) * perSecond : frames.length
    // Each on its own, as a server writes them when the model does; a burst is one piece.
    if (perSecond === undefined) response.write(frames.join(''))
    else for (const one of frames.slice(sent, Math.floor(due))) response.write(one)
    sent = Math.floor(due)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  response.end(ending.map(frame).join(''))
}

const types: ReadonlyMap<string, string> = new Map([
  ['html', 'text/html; charset=utf-8'],
  ['js', 'text/javascript; charset=utf-8'],
  ['css', 'text/css; charset=utf-8'],
])

/** Serves the page and the streams on a free port of this machine. */
export async function startServer(files: ReadonlyMap<string, string | Uint8Array>) {
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1')
    const stream = streams.find(({ name }) => name === searchParams.get('stream'))
    if (pathname === '/api/chat' && stream !== undefined) {
      request.resume()
      void play(response, stream)
      return
    }
    const name = pathname === '/' ? '/index.html' : pathname
    const type = types.get(name.slice(name.lastIndexOf('.') + 1)) ?? 'application/octet-stream'
    const content = files.get(name)
    if (content === undefined) response.writeHead(404).end()
    else response.writeHead(200, { 'content-type': type }).end(content)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}
