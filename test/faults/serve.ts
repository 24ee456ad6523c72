import type { RequestListener } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { rawHead, startHttp, startTcp, type TestServer } from '../helpers/server.ts'

/** Starts the server of a scenario. */
export type Serve = () => Promise<TestServer>

export const eventStream = { 'content-type': 'text/event-stream' }

export const http =
  (respond: RequestListener): Serve =>
  () =>
    startHttp(respond)

export const tcp =
  (respond: (socket: Socket, head: string) => unknown): Serve =>
  () =>
    startTcp(respond)

type Part = string | Uint8Array

/** Answers every request alike. */
export const answers = (status: number, headers: Record<string, string>, body: Part = ''): Serve =>
  http((_request, response) => response.writeHead(status, headers).end(body))

/** Streams a body and ends it as it should be ended. */
export const ends = (...parts: Part[]): Serve =>
  answers(200, eventStream, Buffer.concat(parts.map((part) => Buffer.from(part))))

/** Streams a body, then falls silent; the connection stays open. */
export const stalls = (...parts: Part[]): Serve =>
  http((_request, response) => {
    response.writeHead(200, eventStream).flushHeaders()
    for (const part of parts) response.write(part)
  })

/** Writes the first part, then the other one again and again until the connection is closed. */
export const floods = (
  first: string,
  more: string,
  status = 200,
  headers: Record<string, string> = eventStream,
): Serve =>
  http((_request, response) => {
    response.writeHead(status, headers).write(first)
    const write = (): void => {
      while (!response.destroyed && response.write(more));
    }
    response.on('drain', write)
    write()
  })

/** Writes bytes, lets them arrive, and resets the connection. */
export const resets = (...parts: Part[]): Serve =>
  tcp(async (socket) => {
    for (const part of parts) socket.write(part)
    await wait(50)
    socket.resetAndDestroy()
  })

/** Writes bytes, lets them arrive, and ends the connection. */
export const closes = (...parts: Part[]): Serve =>
  tcp(async (socket) => {
    for (const part of parts) socket.write(part)
    await wait(30)
    socket.end()
  })

/** Writes parts one after the other, that many milliseconds apart, and ends the body. */
export const drips = (ms: number, parts: Iterable<Part>): Serve =>
  http(async (_request, response) => {
    response.writeHead(200, eventStream)
    response.socket?.setNoDelay(true)
    for (const part of parts) {
      if (response.destroyed) return
      response.write(part)
      await wait(ms)
    }
    response.end()
  })

/** Takes a request and never answers. */
export const silent: Serve = tcp(() => undefined)

/** Reads the head of a request, and no more of it until the client should have gone. */
export const deaf: Serve = async () => {
  const sockets: Socket[] = []
  const server = await startTcp((socket) => sockets.push(socket.pause()))
  return {
    ...server,
    allClosed() {
      // Only who reads sees that the other side has gone.
      for (const socket of sockets) socket.resume()
      return server.allClosed()
    },
  }
}

/** A port that nobody listens on any more. */
export const nobody: Serve = async () => {
  const server = await startTcp(() => undefined)
  await server.close()
  return { ...server, close: async () => undefined }
}

/** A whole head, then whatever comes. */
export const head = rawHead()
