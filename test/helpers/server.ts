import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

/** A server on 127.0.0.1 that counts. */
export interface TestServer {
  readonly url: string
  requests(): number
  /** How many connections are open, as the server sees it. */
  sockets(): number
  /** Waits until no connection is open, and fails if that takes longer than a second. */
  allClosed(): Promise<void>
  /** Closes it, with every connection that is still open. */
  close(): Promise<void>
}

/** A server that answers as `respond` says. It keeps no connection for a next request. */
export function startHttp(respond: RequestListener): Promise<TestServer> {
  let requests = 0
  const server = createServer((request, response) => {
    requests += 1
    response.shouldKeepAlive = false
    return respond(request, response)
  })
  return listen(server, () => requests)
}

/** A server that writes its answer byte by byte, as soon as the head of a request is there. */
export function startTcp(respond: (socket: Socket, head: string) => unknown): Promise<TestServer> {
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

/** What is open, and a way to wait until nothing is. */
export class Open<T> {
  readonly items = new Set<T>()
  readonly #watchers = new Set<() => void>()

  delete(item: T): void {
    this.items.delete(item)
    if (this.items.size === 0) for (const watcher of this.#watchers) watcher()
  }

  /** Fails if that takes longer than a second, in which this thread gets its turn twenty times. */
  async allClosed(): Promise<void> {
    for (let tick = 0; tick < 20 && this.items.size > 0; tick++) {
      const pause = new AbortController()
      const closed = new Promise<void>((resolve) => this.#watchers.add(resolve))
      await Promise.race([closed, wait(50, undefined, { signal: pause.signal }).catch(() => {})])
      pause.abort()
    }
    assert.equal(this.items.size, 0, 'connections still open after a second')
  }
}

/** Starts a server of any kind, and follows its connections. */
export async function listen(server: Server, requests: () => number): Promise<TestServer> {
  const connections = new Set<Socket>()
  /** Those that a request came over: undici 6 and 8 (Node 22, 26) open one more, and leave it idle. */
  const sockets = new Open<Socket>()
  server.on('connection', (socket: Socket) => {
    connections.add(socket)
    socket.prependOnceListener('data', () => sockets.items.add(socket))
    // The client may reset the connection at any time; `close` follows.
    socket.on('error', () => undefined)
    socket.on('close', () => {
      connections.delete(socket)
      sockets.delete(socket)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', 2048, resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    requests,
    sockets: () => sockets.items.size,
    allClosed: () => sockets.allClosed(),
    async close() {
      for (const socket of connections) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
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
