import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { demoAnswer } from './answer.ts'
import { formats } from './formats/index.ts'
import { type Breakage, breakages, play, record, seeded, speeds, type Take } from './playback.ts'

/** The ways in which the demo can fail: in mid-stream, or by refusing from the start. */
export const faults: readonly (Breakage | '401' | 'html')[] = [...breakages, '401', 'html']

const loginPage = `<!doctype html>
<html lang="en">
  <head><title>Sign in</title></head>
  <body><h1>Please sign in</h1><form method="post"><input name="user"></form></body>
</html>
`

export interface DemoServer {
  /** The origin, without a slash at the end. */
  url: string
  /** Closes the server and every connection. */
  close(): Promise<void>
}

export interface DemoServerOptions {
  /** 0, the default, takes a free one. */
  port?: number
  /** Answers every request outside of /api/. */
  page?: RequestListener
}

/**
 * Starts a server on 127.0.0.1 that plays one answer in any wire format, at any speed, with any
 * fault:
 *
 * - `POST /api/chat?format=openai&speed=model&fault=cut&seed=1&id=abc`; every parameter is optional.
 * - `POST /api/break?id=abc&how=reset` breaks that stream while it runs.
 */
export async function startServer(options: DemoServerOptions = {}): Promise<DemoServer> {
  const { port = 0, page = (_request, response) => refuse(response, 404, 'Not found.') } = options
  const running = new Map<string, Take>()

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    if (!url.pathname.startsWith('/api/')) return page(request, response)
    if (request.method !== 'POST') return refuse(response, 405, 'Use POST.')
    // Every question gets the same answer; it is read all the same, as a server would.
    request.resume()
    if (url.pathname === '/api/chat') return chat(response, url.searchParams, running)
    if (url.pathname === '/api/break') return breakStream(response, url.searchParams, running)
    refuse(response, 404, 'There are /api/chat and /api/break.')
  })

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()))
        server.closeAllConnections()
      }),
  }
}

function chat(response: ServerResponse, query: URLSearchParams, running: Map<string, Take>): void {
  const format = formats.get(query.get('format') ?? 'openai')
  const speed = query.get('speed') ?? 'model'
  const fault = query.get('fault')
  if (!format) return refuse(response, 400, `format is one of ${[...formats.keys()].join(', ')}.`)
  if (!speeds.has(speed)) {
    return refuse(response, 400, `speed is one of ${[...speeds.keys()].join(', ')}.`)
  }
  if (fault !== null && !faults.some((name) => name === fault)) {
    return refuse(response, 400, `fault is one of ${faults.join(', ')}.`)
  }
  if (fault === '401') return sendJson(response, 401, format.unauthorized)
  if (fault === 'html') {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(loginPage)
    return
  }

  const recording = record(format.frames(demoAnswer))
  const take: Take = { breakage: asBreakage(fault), from: recording.bytes.length / 2 }
  const id = query.get('id')
  if (id !== null) {
    running.set(id, take)
    response.once('close', () => running.delete(id))
  }
  // The seed is told, so that whatever a random cut brought to light can be played again.
  const seed = Number(query.get('seed') ?? Math.floor(Math.random() * 2 ** 31))
  response.writeHead(200, {
    'content-type': format.contentType,
    'cache-control': 'no-cache',
    'x-demo-seed': String(seed),
  })
  response.flushHeaders()
  void play(response, format, recording, take, speeds.get(speed), seeded(seed))
}

function breakStream(
  response: ServerResponse,
  query: URLSearchParams,
  running: Map<string, Take>,
): void {
  const take = running.get(query.get('id') ?? '')
  const breakage = asBreakage(query.get('how') ?? 'reset')
  if (!take) return refuse(response, 404, 'No stream with this id is running.')
  if (!breakage) return refuse(response, 400, `how is one of ${breakages.join(', ')}.`)
  take.breakage = breakage
  take.from = 0
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
