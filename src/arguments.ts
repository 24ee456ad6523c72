import { ChatError } from './errors.ts'
import { must, readNumber } from './must.ts'
import type { RetryOptions, TimeoutOptions } from './options.ts'

/** Checking what the caller gave. Wrong arguments throw a `TypeError` at the call. */

/** What a body may be given as. */
export type ChatSource =
  | Response
  | ReadableStream<Uint8Array | string>
  | AsyncIterable<Uint8Array | string>

/** Checks the clocks and fills in their defaults. */
export function readTimeout(timeout: TimeoutOptions = {}): Required<TimeoutOptions> {
  must(typeof timeout === 'object', 'timeout must be an object')
  return {
    response: readNumber('timeout.response', timeout.response, 300_000),
    idle: readNumber('timeout.idle', timeout.idle, 300_000),
    content: readNumber('timeout.content', timeout.content, 0),
  }
}

/** Checks the retries and fills in the defaults. */
export function readRetry(retry: number | RetryOptions = 0): Required<RetryOptions> {
  const isOptions = typeof retry === 'object' && retry !== null
  must(isOptions || typeof retry === 'number', 'retry must be a number or an object')
  const options: RetryOptions = isOptions ? retry : { retries: retry }
  return {
    retries: readNumber('retry.retries', options.retries, 0),
    minDelayMs: readNumber('retry.minDelayMs', options.minDelayMs, 500),
    maxDelayMs: readNumber('retry.maxDelayMs', options.maxDelayMs, 30_000),
  }
}

/** How far the body may be read ahead: 1 MiB by default. */
export function readReadAhead(value: unknown): number {
  return readNumber('readAheadBytes', value, 1024 * 1024)
}

/** Checks the caller's signal; `null` is none, as for `fetch`. */
export function readSignal(signal: AbortSignal | null | undefined): AbortSignal | undefined {
  const isSignal = signal == null || typeof signal.addEventListener === 'function'
  must(isSignal && !(signal && !('aborted' in signal)), 'signal must be an AbortSignal')
  return signal ?? undefined
}

/** Whether a value is of a platform class, by its tag: also from another realm, or a polyfill. */
export function isA(name: string, value: unknown): boolean {
  return Object.prototype.toString.call(value) === `[object ${name}]`
}

/** Whether a value says where a request goes, and is not the request's options. */
export function isTarget(value: unknown): value is string | URL | Request {
  return typeof value === 'string' || value instanceof URL || isA('Request', value)
}

/** Checks the source of a `read…` function; tells whether it is a response. */
export function checkSource(source: unknown): boolean {
  const known = typeof source === 'object' && source !== null ? source : {}
  if ('headers' in known && 'status' in known) return true
  must(
    'getReader' in known || Symbol.asyncIterator in known,
    'The source must be a Response, a ReadableStream or an async iterable',
  )
  must(!('locked' in known && known.locked), 'The stream is locked: something else reads it')
  return false
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
  must(typeof fn === 'function', `${name} must be a function`)
  const failure = (cause: unknown): ChatError =>
    new ChatError('callback', `${name} failed; see cause.`, { cause })
  return (value) => {
    let returned: unknown
    try {
      returned = fn(value)
    } catch (cause) {
      throw failure(cause)
    }
    if (typeof (returned as PromiseLike<unknown> | undefined)?.then === 'function') {
      Promise.resolve(returned).catch((cause) => fail(failure(cause)))
    }
  }
}
