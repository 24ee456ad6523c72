/** Where the driver reads from. */
export interface Source<In> {
  read(): Promise<{ done?: boolean; value?: In | undefined }>
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

/** Closes a source that was given to us and that nobody will read. */
export function discardSource(source: Response | BodyStream): void {
  const body = 'headers' in source ? source.body : source
  if (body !== null && !('locked' in body && body.locked)) openBody(body).cancel(undefined)
}

function streamSource(stream: ReadableStream<Uint8Array>): Source<Uint8Array | string> {
  const reader = stream.getReader()
  return {
    read: () => reader.read(),
    cancel(reason) {
      reader.cancel(reason).catch(ignoreLateFailure)
    },
  }
}

/** Opens any async iterable for reading. */
export function iterableSource<In>(iterable: AsyncIterable<In>): Source<In> {
  const iterator = iterable[Symbol.asyncIterator]()
  return {
    // Both async, so that what the iterator throws at once is a rejection like any other.
    read: async () => iterator.next(),
    cancel() {
      const close = async (): Promise<unknown> => iterator.return?.()
      close().catch(ignoreLateFailure)
    },
  }
}

/**
 * The stream has already ended for its consumer when a source is closed: that closing it failed too
 * (an errored stream rejects every `cancel`) is no news to anyone.
 */
export function ignoreLateFailure(): void {}
