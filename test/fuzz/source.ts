import type { ChatSource } from 'chatwire'
import type { Plan } from './plan.ts'

/** Where the chunks of one case come from, and what becomes of it. */
export interface PlannedSource {
  /** What `readChat` is given; or a fetch, for `streamChat`. */
  open(): ChatSource
  fetch: typeof fetch
  /** How often it was closed by its reader. */
  closed(): number
  /** Whether it came to its own end. */
  ended(): boolean
  /** How many chunks were asked for. */
  pulls(): number
  /** The signals of the calls of `fetch`. */
  signals: (AbortSignal | null | undefined)[]
  /** Resolves when it is asked for a chunk that never comes. */
  stalled: Promise<void>
}

export const lost = new Error('lost by the plan')

/** A turn of the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

export function sourceOf(plan: Plan): PlannedSource {
  const { body, cuts, ending, isSlow, source } = plan
  const chunks = source === 'text' ? cut(textOf(body.bytes), cuts) : cut(body.bytes, cuts)
  const signals: (AbortSignal | null | undefined)[] = []
  let index = 0
  let pulls = 0
  let closed = 0
  let hasEnded = false
  let stall = (): void => undefined
  const stalled = new Promise<void>((resolve) => {
    stall = resolve
  })

  /** The next chunk, `undefined` at the end. */
  async function next(): Promise<string | Uint8Array | undefined> {
    pulls++
    if (isSlow) await turn()
    const chunk = chunks[index++]
    if (chunk !== undefined) return chunk
    if (ending === 'stall') {
      stall()
      return new Promise(() => undefined)
    }
    return undefined
  }

  const stream = (): ReadableStream<Uint8Array> =>
    new ReadableStream(
      {
        async pull(controller) {
          const chunk = await next()
          if (closed > 0 || typeof chunk === 'string') return
          if (chunk !== undefined) return controller.enqueue(chunk)
          hasEnded = true
          if (ending === 'error') controller.error(lost)
          else controller.close()
        },
        cancel() {
          closed++
        },
      },
      { highWaterMark: 0 },
    )

  const iterable = (): AsyncIterable<string | Uint8Array> => ({
    [Symbol.asyncIterator]: () => ({
      async next() {
        const value = await next()
        if (value === undefined && ending === 'error') throw lost
        return value === undefined ? { done: true, value } : { done: false, value }
      },
      async return() {
        closed++
        return { done: true, value: undefined }
      },
    }),
  })

  const response = (): Response => {
    const { contentType } = body
    return new Response(stream(), {
      headers: contentType === undefined ? {} : { 'content-type': contentType },
    })
  }

  return {
    open: source === 'response' ? response : source === 'stream' ? stream : iterable,
    async fetch(_input, init) {
      signals.push(init?.signal)
      if (isSlow) await turn()
      return response()
    },
    closed: () => closed,
    ended: () => hasEnded,
    pulls: () => pulls,
    signals,
    stalled,
  }
}

/** Cuts bytes or text; lengths beyond the end give empty pieces, and what is left is the last one. */
function cut<T extends string | Uint8Array>(whole: T, cuts: readonly number[]): T[] {
  const pieces: T[] = []
  let start = 0
  for (const length of cuts) {
    pieces.push(whole.slice(start, start + length) as T)
    start += length
  }
  if (start < whole.length) pieces.push(whole.slice(start) as T)
  return pieces
}

export function textOf(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
}
