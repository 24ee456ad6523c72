import {
  type BufferSpec,
  bufferText,
  type ChatEvent,
  type ChatInit,
  type ChatStream,
  streamChat,
} from 'chatwire'
import { addStep, emptyTrace, startsInsideCharacter, type Trace } from './trace.ts'

/** A stream, and the trace that it leaves while it is read. */
export interface Traced {
  stream: ChatStream
  trace: Trace
  /** Milliseconds since the request. */
  now(): number
}

/**
 * Sends a chat request and notes what happens at each place that it passes.
 *
 * The `buffer` option would do the same within the stream; outside of it both sides can be seen.
 */
export function traceChat(init: ChatInit & { url: string }, buffer?: BufferSpec): Traced {
  const trace = emptyTrace()
  const startedAt = performance.now()
  const now = (): number => performance.now() - startedAt
  const stream = streamChat({
    ...init,
    fetch: async (...request) => {
      const response = await (init.fetch ?? fetch)(...request)
      trace.responseAt = now()
      return noteChunks(response, (bytes) => {
        trace.chunks.push({
          at: now(),
          bytes: bytes.length,
          startsInsideCharacter: startsInsideCharacter(bytes),
        })
      })
    },
    onFrame: ({ type }) => trace.frames.push({ at: now(), isKeepalive: type === 'comment' }),
  })
  const arrive = (event: ChatEvent): void => addStep(trace.arrived, event, now())
  const leaving = buffer === undefined ? stream : bufferText(tap(stream, arrive), buffer)
  const tapped = tap(leaving, (event) => {
    const at = now()
    if (buffer === undefined) addStep(trace.arrived, event, at)
    addStep(trace.handedOut, event, at)
    trace.eventTimes.push(at)
    if (event.type === 'text') trace.textLength += event.text.length
    if (event.type === 'done') {
      trace.end = { at, finishReason: event.finishReason, error: event.error }
    }
  })
  const leave = tapped.return.bind(tapped)
  tapped.return = () => {
    // Who leaves before the end gets no `done` to note.
    trace.end ??= { at: now(), finishReason: 'aborted' }
    return leave()
  }
  return { stream: tapped, trace, now }
}

/** A response whose body is noted chunk by chunk, as the network delivers it. */
function noteChunks(response: Response, note: (bytes: Uint8Array) => void): Response {
  if (response.body === null) return response
  const noted = new TransformStream<Uint8Array, Uint8Array>({
    transform(bytes, controller) {
      note(bytes)
      controller.enqueue(bytes)
    },
  })
  const { status, statusText, headers } = response
  return new Response(response.body.pipeThrough(noted), { status, statusText, headers })
}

/** The same stream; `note` sees each event before the reader does. Leaving it is not delayed. */
function tap(stream: ChatStream, note: (event: ChatEvent) => void): ChatStream {
  return {
    async next() {
      const result = await stream.next()
      if (!result.done) note(result.value)
      return result
    },
    return: () => stream.return(),
    throw: (error) => stream.throw(error),
    [Symbol.asyncIterator]() {
      return this
    },
    [Symbol.asyncDispose]: () => stream[Symbol.asyncDispose](),
  }
}
