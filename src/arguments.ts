import { ChatError } from './errors.ts'
import type { TimeoutOptions } from './options.ts'

/** Checking what the caller gave. Wrong arguments throw a `TypeError` at the call. */

/** What a body may be given as. */
export type ChatSource = Response | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array | string>

const RESPONSE_TIMEOUT_MS = 300_000
const IDLE_TIMEOUT_MS = 300_000
/** The default of `readAheadBytes`. */
export const READ_AHEAD_BYTES: number = 1024 * 1024

/** Checks the source of a `read…` function; tells whether it is a response. */
export function checkSource(source: unknown): boolean {
  const isThing = typeof source === 'object' && source !== null
  if (isThing && 'headers' in source && 'status' in source) return true
  if (isThing && ('getReader' in source || Symbol.asyncIterator in source)) {
    if (!('locked' in source && source.locked)) return false
    throw new TypeError('The stream is locked: something else is already reading it')
  }
  throw new TypeError('The source must be a Response, a ReadableStream or an async iterable')
}

/** Checks the clocks and fills in their defaults. */
export function readTimeout(timeout: TimeoutOptions = {}): Required<TimeoutOptions> {
  if (typeof timeout !== 'object') throw new TypeError('timeout must be an object of milliseconds')
  for (const name of ['response', 'idle', 'content'] as const) {
    const value = timeout[name]
    if (value !== undefined && !(typeof value === 'number' && value >= 0)) {
      throw new TypeError(`timeout.${name} must be a number of milliseconds, 0 for none`)
    }
  }
  const { response = RESPONSE_TIMEOUT_MS, idle = IDLE_TIMEOUT_MS, content = 0 } = timeout
  return { response, idle, content }
}

/** Checks a size; `fallback` if there is none. */
export function readSize(name: string, value: number | undefined, fallback: number): number {
  if (value === undefined) return fallback
  if (typeof value === 'number' && value >= 0) return value
  throw new TypeError(`${name} must be a number of at least 0`)
}

/**
 * A caller's function that may only look. What it throws, or the promise it returns rejects with,
 * ends the stream.
 */
export function tap<T>(
  name: string,
  fn: ((value: T) => unknown) | undefined,
  fail: (error: ChatError) => void,
): ((value: T) => void) | undefined {
  if (fn === undefined) return undefined
  if (typeof fn !== 'function') throw new TypeError(`${name} must be a function`)
  const failure = (cause: unknown): ChatError =>
    new ChatError('callback', `The function given as ${name} failed; see cause.`, { cause })
  return (value) => {
    let returned: unknown
    try {
      returned = fn(value)
    } catch (cause) {
      throw failure(cause)
    }
    if (returned instanceof Promise) returned.catch((cause) => fail(failure(cause)))
  }
}

/** Checks the caller's signal; `null` is none, as for `fetch`. */
export function readSignal(signal: AbortSignal | null | undefined): AbortSignal | undefined {
  if (signal == null) return undefined
  if (typeof signal === 'object' && typeof signal.addEventListener === 'function') return signal
  throw new TypeError('signal must be an AbortSignal')
}
