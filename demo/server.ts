import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { answerTo, readConversation } from './conversation.ts'
import { formats } from './formats/index.ts'
import {
  type Breakage,
  breakages,
  chunkings,
  play,
  playBuffered,
  record,
  seeded,
  speeds,
  type Take,
} from './playback.ts'

/** The ways in which the demo can fail: in mid-stream, on the way, or by refusing from the start. */
export const faults: readonly (Breakage | 'proxy' | '401' | 'html')[] = [
  ...breakages,
  'proxy',
  '401',
  'html',
]

const loginPage = `<!doctype html>
<html lang="en">
  <head><title>Sign in</title></head>
  <body><h1>Please sign in</h1><form method="post"><input name="user"></form></body>
</html>
`

export interface DemoServer {
  /** The origin, without a slash at the end. */
  url: string
  /** How many answers are on their way; a stalled one counts until its reader has left. */
  streamCount(): number
  /** Closes the server and every connection. */
  close(): Promise<void>
}

export interface DemoServerOptions {
  /** 0, the default, takes a free one. */
  port?: number
  /** Answers every request outside of /api/. */
  page?: RequestListener
}

/** A stream and the id that its reader gave it; readers of the same answer share one. */
type Running = Take & { id: string | null }

/**
 * Starts a server on 127.0.0.1 that plays answers in any wire format, at any speed, with any fault:
 *
 * - `POST /api/chat?format=openaiChat&speed=model&chunks=random&fault=cut&seed=1&id=abc` with
 *   `{ messages }`; everything is optional.
 * - `POST /api/break?id=abc&how=reset` breaks the streams of that id while they run, all at the same
 *   byte.
 */
export async function startServer(options: DemoServerOptions = {}): Promise<DemoServer> {
  const { port = 0, page = (_request, response) => refuse(response, 404, 'Not found.') } = options
  const running = new Set<Running>()

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    if (!url.pathname.startsWith('/api/')) return page(request, response)
    if (request.method !== 'POST') return refuse(response, 405, 'Use POST.')
    if (url.pathname === '/api/chat') return void chat(request, response, url, running)
    request.resume()
    if (url.pathname === '/api/break') return breakStreams(response, url.searchParams, running)
    refuse(response, 404, 'There are /api/chat and /api/break.')
  })

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    streamCount: () => running.size,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()))
        server.closeAllConnections()
      }),
  }
}

async function chat(
  request: IncomingMessage,
  response: ServerResponse,
  { searchParams: query }: URL,
  running: Set<Running>,
): Promise<void> {
  // A reader that leaves while it asks gets no answer.
  const body = await text(request).catch(() => undefined)
  if (body === undefined) return
  const format = formats.get(query.get('format') ?? 'openaiChat')
  const speed = query.get('speed') ?? 'model'
  const chunks = query.get('chunks') ?? 'random'
  const fault = query.get('fault')
  const chunking = chunkings.find((name) => name === chunks)
  if (!format) return refuse(response, 400, `format is one of ${[...formats.keys()].join(', ')}.`)
  if (!speeds.has(speed)) {
    return refuse(response, 400, `speed is one of ${[...speeds.keys()].join(', ')}.`)
  }
  if (!chunking) return refuse(response, 400, `chunks is one of ${chunkings.join(', ')}.`)
  if (fault !== null && !faults.some((name) => name === fault)) {
    return refuse(response, 400, `fault is one of ${faults.join(', ')}.`)
  }
  if (fault === '401') return sendJson(response, 401, format.unauthorized)
  if (fault === 'html') {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(loginPage)
    return
  }

  const answer = answerTo(readConversation(body), format.hasTools)
  const recording = record(format.frames(answer))
  const take: Running = {
    id: query.get('id'),
    breakage: asBreakage(fault),
    from: recording.bytes.length / 2,
    sent: 0,
  }
  running.add(take)
  response.once('close', () => running.delete(take))
  // The seed is told, so that whatever a random cut brought to light can be played again.
  const seed = Number(query.get('seed') ?? Math.floor(Math.random() * 2 ** 31))
  const sendHead = (): void => {
    response.writeHead(200, {
      'content-type': format.contentType,
      'cache-control': 'no-cache',
      'x-demo-seed': String(seed),
      ...format.headers,
    })
    response.flushHeaders()
  }
  const isEventStream = format.contentType.startsWith('text/event-stream')
  const playing = {
    recording,
    take,
    speed: speeds.get(speed),
    chunking,
    random: seeded(seed),
    errorFrame: format.errorFrame,
    keepalive: isEventStream ? ': keepalive\n\n' : undefined,
  }
  if (fault === 'proxy') return playBuffered(response, playing, sendHead)
  sendHead()
  return play(response, playing)
}

function breakStreams(
  response: ServerResponse,
  query: URLSearchParams,
  running: Set<Running>,
): void {
  const id = query.get('id') ?? ''
  const takes = [...running].filter((take) => take.id === id)
  const breakage = asBreakage(query.get('how') ?? 'reset')
  if (takes.length === 0) return refuse(response, 404, 'No stream with this id is running.')
  if (!breakage) return refuse(response, 400, `how is one of ${breakages.join(', ')}.`)
  const from = Math.max(...takes.map(({ sent }) => sent))
  for (const take of takes) Object.assign(take, { breakage, from })
  response.writeHead(204).end()
}

const asBreakage = (name: string | null): Breakage | undefined =>
  breakages.find((breakage) => breakage === name)

function refuse(response: ServerResponse, status: number, error: string): void {
  sendJson(response, status, { error })
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
