import { chatBody, HEADERS, type SendOptions } from './body.ts'
import type { ChatEventInit } from './encode.ts'

/**
 * What {@link writeChat} needs of a response of Node: `http.ServerResponse`, `http2`'s, that of
 * Express, and Fastify's `reply.raw` all have it.
 */
export interface NodeResponse {
  statusCode: number
  readonly headersSent: boolean
  readonly writableEnded: boolean
  readonly destroyed?: boolean
  /** HTTP/2 only: the stream below, which tells what `destroyed` does not there. */
  readonly stream?: { readonly destroyed?: boolean }
  hasHeader(name: string): boolean
  setHeader(name: string, value: string | readonly string[]): unknown
  flushHeaders?(): void
  write(chunk: string): boolean
  end(): unknown
  on(event: string, listener: () => void): unknown
  off(event: string, listener: () => void): unknown
}

/** Options of {@link writeChat}: how the answer is sent, and the head of the response. */
export interface WriteChatInit extends SendOptions {
  /** Default: what `res.statusCode` is, 200 unless you set it. */
  status?: number
  headers?: Readonly<Record<string, string | readonly string[]>>
}

/**
 * Streams an answer to a browser through a response of Node: `node:http`, Express, Fastify
 * (`reply.hijack()`, then `reply.raw`). It sends what `chatResponse` sends, and keeps its promises:
 * see there.
 *
 * Headers go out at once. Events are taken only as fast as the client reads; when it leaves,
 * `return()` of the events is called at once. Headers that were set on `res` before, or are given
 * here, replace ours, except for the content type.
 *
 * @returns A promise that resolves when the response is over, by its end or because the client left.
 * A failure of the events is part of the answer and no rejection: `onError` tells you of it.
 * @throws {TypeError} if the arguments are wrong, or the events were already iterated.
 * @example
 * app.post('/api/chat', (req, res) => writeChat(streamChat({ url, headers, json }), res))
 */
export async function writeChat(
  events: AsyncIterable<ChatEventInit>,
  res: NodeResponse,
  init: WriteChatInit = {},
): Promise<void> {
  const body = chatBody(events, init)
  if (isGone(res)) return body.cancel()
  let isLeft = false
  let wake: (() => void) | undefined
  /** Waits for an event of the response, or for its end. */
  const until = (event: 'drain' | 'finish'): Promise<void> =>
    new Promise((resolve) => {
      wake = () => {
        res.off(event, onEvent)
        resolve()
      }
      const onEvent = wake
      res.on(event, onEvent)
    })
  const onLeave = (): void => {
    isLeft = true
    body.cancel()
    wake?.()
  }
  res.on('close', onLeave)
  res.on('error', onLeave)
  try {
    sendHead(res, init)
    for (;;) {
      const piece = await body.read()
      if (piece === undefined) break
      if (!res.write(piece) && !isGone(res)) await until('drain')
    }
    if (isLeft) return
    const finished = until('finish')
    res.end()
    await finished
  } finally {
    body.cancel()
    res.off('close', onLeave)
    res.off('error', onLeave)
  }
}

function isGone(res: NodeResponse): boolean {
  return res.writableEnded || res.destroyed === true || res.stream?.destroyed === true
}

function sendHead(res: NodeResponse, { status, headers = {} }: WriteChatInit): void {
  if (res.headersSent) return
  if (status !== undefined) res.statusCode = status
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value)
  for (const [name, value] of Object.entries(HEADERS)) {
    if (name === 'content-type' || !res.hasHeader(name)) res.setHeader(name, value)
  }
  res.flushHeaders?.()
}
