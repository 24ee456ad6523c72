/** What one read brings. */
export interface ReadResult<In> {
  done?: boolean
  value?: In | undefined
}

/** Where the driver reads from. */
export interface Source<In> {
  read(): Promise<ReadResult<In>>
  /** Closes it. Not waited for; must not throw. */
  cancel(reason: unknown): void
}

/** What a body may come as. */
export type BodyStream = ReadableStream<Uint8Array> | AsyncIterable<Uint8Array | string>

/** Opens a web stream or an async iterable for reading; `null`, no body, is an empty one. */
export function openBody(body: BodyStream | null): Source<Uint8Array | string> {
  if (body === null) return { read: async () => ({ done: true }), cancel() {} }
  return 'getReader' in body ? streamSource(body) : iterableSource(body)
}

/** Closes a source that nobody will read; one that somebody else reads is left to them. */
export function discardSource(source: Response | AsyncIterable<unknown>): void {
  closeQuietly(async () => {
    const body = 'headers' in source ? source.body : source
    if (body != null) openBody(body as BodyStream).cancel(undefined)
  })
}

function streamSource(stream: ReadableStream<Uint8Array>): Source<Uint8Array | string> {
  const reader = stream.getReader()
  return {
    read: () => reader.read(),
    cancel: (reason) => closeQuietly(async () => reader.cancel(reason)),
  }
}

/** Opens any async iterable for reading. */
export function iterableSource<In>(iterable: AsyncIterable<In>): Source<In> {
  const iterator = iterable[Symbol.asyncIterator]()
  return {
    // Async, so that what the iterator throws at once is a rejection like any other.
    read: async () => iterator.next(),
    cancel: () => closeQuietly(async () => iterator.return?.()),
  }
}

/**
 * Closes something without waiting for it. The stream has ended for its consumer by then: that the
 * closing failed too (an errored stream rejects every `cancel`) is no news to anyone.
 */
export function closeQuietly(close: () => Promise<unknown>): void {
  close().catch(() => {})
}
