/** What a source does after its last chunk. */
export type Ending = 'end' | 'stall' | { error: unknown }

/** A source of chunks, in any shape `readChat` takes, that counts how often it was closed. */
export interface Source {
  readonly stream: ReadableStream<Uint8Array>
  /** Calls of `cancel` by the reader. A source that has ended by itself cannot be cancelled. */
  readonly closed: () => number
}

export function sourceOf(chunks: readonly Uint8Array[], ending: Ending = 'end'): Source {
  let index = 0
  let closed = 0
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const chunk = chunks[index]
        index += 1
        if (chunk !== undefined) controller.enqueue(chunk)
        else if (ending === 'end') controller.close()
        else if (ending === 'stall') return new Promise<void>(() => {})
        else controller.error(ending.error)
        return undefined
      },
      cancel() {
        closed += 1
      },
    },
    { highWaterMark: 0 },
  )
  return { stream, closed: () => closed }
}

export function streamOf(
  chunks: readonly Uint8Array[],
  ending: Ending = 'end',
): ReadableStream<Uint8Array> {
  return sourceOf(chunks, ending).stream
}

/** A response with the given chunks; no content type at all if `contentType` is `undefined`. */
export function responseOf(
  chunks: readonly Uint8Array[],
  contentType: string | undefined,
  ending: Ending = 'end',
): Response {
  const headers: Record<string, string> =
    contentType === undefined ? {} : { 'content-type': contentType }
  return new Response(streamOf(chunks, ending), { headers })
}

/** An async iterable of chunks that counts the calls of its `return`. */
export interface CountedIterable<Chunk> extends AsyncIterable<Chunk> {
  readonly closed: () => number
}

export function iterableOf<Chunk>(
  chunks: readonly Chunk[],
  ending: Ending = 'end',
): CountedIterable<Chunk> {
  let index = 0
  let closed = 0
  return {
    closed: () => closed,
    [Symbol.asyncIterator]: () => ({
      next(): Promise<IteratorResult<Chunk>> {
        const chunk = chunks[index]
        index += 1
        if (chunk !== undefined) return Promise.resolve({ done: false, value: chunk })
        if (ending === 'end') return Promise.resolve({ done: true, value: undefined })
        if (ending === 'stall') return new Promise(() => {})
        return Promise.reject(ending.error)
      },
      return(): Promise<IteratorResult<Chunk>> {
        closed += 1
        return Promise.resolve({ done: true, value: undefined })
      },
    }),
  }
}
