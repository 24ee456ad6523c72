import { getEventListeners } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from 'node:net'
import { performance } from 'node:perf_hooks'
import { setTimeout as wait } from 'node:timers/promises'
import { type ChatEvent, type ChatInit, streamChat } from 'chatwire'
import { expect, onTestFinished } from 'vitest'
import { checkPromises } from './run.ts'

/** A server on 127.0.0.1 that counts. It is closed when the test is over. */
export interface TestServer {
  readonly url: string
  requests(): number
  /** How many connections are open, as the server sees it. */
  sockets(): number
  /** Waits until no connection is open, and fails if that takes longer than a second. */
  allClosed(): Promise<void>
}

/** A server that answers as `respond` says. It keeps no connection for a next request. */
export function httpServer(respond: RequestListener): Promise<TestServer> {
  let requests = 0
  const server = createServer((request, response) => {
    requests += 1
    response.shouldKeepAlive = false
    return respond(request, response)
  })
  return listen(server, () => requests)
}

/** A server that writes its answer byte by byte, as soon as the head of a request is there. */
export function tcpServer(respond: (socket: Socket, head: string) => unknown): Promise<TestServer> {
  let requests = 0
  const server = createTcpServer((socket) => {
    socket.setNoDelay(true)
    let head = ''
    socket.on('data', (chunk) => {
      if (head.includes('\r\n\r\n')) return
      head += chunk
      if (!head.includes('\r\n\r\n')) return
      requests += 1
      respond(socket, head)
    })
  })
  return listen(server, () => requests)
}

async function listen(server: Server, requests: () => number): Promise<TestServer> {
  const sockets = new Set<Socket>()
  const watchers = new Set<() => void>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    // The client may reset the connection at any time; `close` follows.
    socket.on('error', () => undefined)
    socket.on('close', () => {
      sockets.delete(socket)
      for (const watcher of watchers) watcher()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', 2048, resolve))
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    requests,
    sockets: () => sockets.size,
    async allClosed() {
      const closed = new Promise<void>((resolve) => {
        const check = (): void => {
          if (sockets.size === 0) resolve()
        }
        watchers.add(check)
        check()
      })
      await Promise.race([closed, wait(1000)])
      expect(sockets.size, 'connections still open after a second').toBe(0)
    },
  }
}

/** The head of an answer over a bare socket; chunked unless it says otherwise. */
export function rawHead(headers = 'transfer-encoding: chunked'): string {
  return `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n${headers}\r\n\r\n`
}

/** One chunk of a chunked body. */
export function rawChunk(data: string | Uint8Array): Buffer {
  const bytes = Buffer.from(data)
  return Buffer.concat([
    Buffer.from(`${bytes.length.toString(16)}\r\n`),
    bytes,
    Buffer.from('\r\n'),
  ])
}

/** What a test does when an event comes; `'leave'` breaks the loop. */
type Act = (event: ChatEvent, abort: AbortController) => unknown

/**
 * Streams an answer from a server, and checks what must hold whatever becomes of it: one `done` at
 * the end and at most one error before it (unless the loop is left), the connection closed within a
 * second as the server sees it, no listener left on the signal, and every further call harmless.
 * That no rejection is left unhandled is checked after every test.
 */
export async function observe(
  server: TestServer,
  init: Omit<ChatInit, 'url'> = {},
  act: Act = () => undefined,
): Promise<ChatEvent[]> {
  const abort = new AbortController()
  const { signal } = abort
  const stream = streamChat({ url: server.url, json: { messages: [] }, signal, ...init })
  const events: ChatEvent[] = []
  let isLeft = false
  for await (const event of stream) {
    events.push(event)
    isLeft = (await act(event, abort)) === 'leave'
    if (isLeft) break
  }
  await server.allClosed()
  if (!isLeft) checkPromises(events)
  expect(getEventListeners(signal, 'abort')).toEqual([])
  abort.abort()
  expect(await stream.next()).toEqual({ done: true, value: undefined })
  expect(await stream.return()).toEqual({ done: true, value: undefined })
  return events
}

/** How long something takes, in milliseconds. */
export async function timed(something: () => unknown): Promise<number> {
  const start = performance.now()
  await something()
  return performance.now() - start
}
