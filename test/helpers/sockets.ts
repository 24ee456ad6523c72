import { getEventListeners } from 'node:events'
import type { RequestListener } from 'node:http'
import type { Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import { type ChatEvent, type ChatInit, streamChat } from 'chatwire'
import { expect, onTestFinished } from 'vitest'
import { checkPromises, runOrLeave } from './run.ts'
import { startHttp, startTcp, type TestServer } from './server.ts'

export { rawChunk, rawHead, type TestServer } from './server.ts'

/** A server that answers as `respond` says. It is closed when the test is over. */
export function httpServer(respond: RequestListener): Promise<TestServer> {
  return untilTestFinished(startHttp(respond))
}

/** A server that writes its answer byte by byte. It is closed when the test is over. */
export function tcpServer(respond: (socket: Socket, head: string) => unknown): Promise<TestServer> {
  return untilTestFinished(startTcp(respond))
}

async function untilTestFinished(starting: Promise<TestServer>): Promise<TestServer> {
  const server = await starting
  onTestFinished(server.close)
  return server
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
  const { events, isLeft } = await runOrLeave(stream, (event) => act(event, abort))
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
