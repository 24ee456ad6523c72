import { chatBody, HEADERS, type SendOptions } from './body.ts'
import type { ChatEventInit } from './encode.ts'

/** Options of {@link chatResponse}: how the answer is sent, and all of `ResponseInit`. */
export interface ChatResponseInit extends ResponseInit, SendOptions {}

/**
 * Makes the response that streams an answer to a browser, for every server that answers with a web
 * `Response`: Next.js, Hono, SvelteKit, Deno, Bun, Cloudflare Workers. `streamChat` and `readChat` on
 * the other side give the same events again.
 *
 * Events are taken only as fast as the client reads. When the client leaves, `return()` of the events
 * is called at once, which closes a `streamChat` request; a generator of your own can only end where
 * it next yields, so pass the request's signal to what it waits for.
 *
 * Whatever happens, the body ends regularly, with why the answer finished: events that throw become
 * an error in the stream, events that end without a `done` have the finish reason `'unknown'`.
 *
 * `init.headers` replace the headers set here, except for the content type, by which the stream is
 * known.
 *
 * @param events - The events of a `streamChat`, of `bufferText`, or of your own; strings are text.
 * @throws {TypeError} at once, if the arguments are wrong, or the events were already iterated.
 * @example
 * export function POST(request: Request): Response {
 *   return chatResponse(streamChat({ url, headers, json, signal: request.signal }))
 * }
 */
export function chatResponse(
  events: AsyncIterable<ChatEventInit>,
  init: ChatResponseInit = {},
): Response {
  const headers = new Headers(init.headers)
  for (const [name, value] of Object.entries(HEADERS)) {
    if (name === 'content-type' || !headers.has(name)) headers.set(name, value)
  }
  const body = chatBody(events, init)
  const encoder = new TextEncoder()
  let isLeft = false

  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const piece = await body.read()
        if (isLeft) return
        if (piece === undefined) controller.close()
        else controller.enqueue(encoder.encode(piece))
      },
      cancel() {
        isLeft = true
        body.cancel()
      },
    },
    // Without this the stream would take one event before anybody asks for it.
    { highWaterMark: 0 },
  )
  return new Response(stream, { ...init, headers })
}
