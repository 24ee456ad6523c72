import { ChatError } from '../errors.ts'

/** The error for a read that failed. */
export function connectionLost(cause: unknown): ChatError {
  return new ChatError(
    'network',
    'The connection was lost in the middle of the stream. What arrived is intact; send the request again for a whole answer.',
    { cause: withoutData(cause), retryable: true },
  )
}

/**
 * The same cause, without the bytes that undici puts on the error for what is no HTTP: they are the
 * answer's, and whoever logs the error would log them.
 */
export function withoutData(cause: unknown): unknown {
  let error = cause
  for (let depth = 0; error instanceof Error && depth < 5; depth++) {
    if ('data' in error) Reflect.defineProperty(error, 'data', { enumerable: false })
    error = error.cause
  }
  return cause
}

/** The error for a clock of the driver that ran out. */
export function timedOut(phase: 'idle' | 'content', timeoutMs: number): ChatError {
  const what = phase === 'idle' ? 'Nothing came from the server' : 'No content came from the server'
  return new ChatError(
    'timeout',
    `${what} for ${timeoutMs} ms. Raise timeout.${phase} if it needs longer.`,
    { phase, timeoutMs, retryable: true },
  )
}

/**
 * The error for an abort by `AbortSignal.timeout()`, `undefined` for any other abort. It is told by
 * the signal's reason: names of errors that `fetch` rejects with differ by engine.
 */
export function signalTimedOut(reason: unknown): ChatError | undefined {
  const isDomException = Object.prototype.toString.call(reason) === '[object DOMException]'
  if (!isDomException || (reason as DOMException).name !== 'TimeoutError') return undefined
  return new ChatError('timeout', 'The AbortSignal.timeout() given as signal ran out.', {
    phase: 'signal',
    cause: reason,
  })
}
