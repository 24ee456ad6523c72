import { isA, isTarget, readSignal } from '../arguments.ts'
import { ChatError } from '../errors.ts'
import { must } from '../must.ts'
import type { ChatInit, EventsInit, StreamInit } from '../options.ts'
import { isObject } from '../wire-value.ts'
import { discardSource } from './source.ts'
import { watchdog } from './watchdog.ts'

/** A request as it was at the call: later changes to the caller's objects do not reach it. */
export interface PreparedRequest {
  input: string | Request
  init: RequestInit
  fetch: typeof fetch
  signal: AbortSignal | undefined
}

/** Reads the arguments of a request once. Throws a `TypeError` if they are wrong. */
export function prepareRequest(
  input: string | URL | Request | StreamInit,
  init: StreamInit | undefined,
): PreparedRequest {
  const options: AnyInit = (isTarget(input) ? init : input) ?? {}
  const target = isTarget(input) ? input : options.url
  const request = isA('Request', target) ? (target as Request) : undefined
  const url = isTarget(target) && request === undefined ? String(target) : undefined
  must(request ?? url, 'url is missing: give a string, a URL or a Request')
  const { fetch } = options
  must(fetch === undefined || typeof fetch === 'function', 'fetch must be a function')
  // A fetch of the caller's may resolve relative URLs by its own rules.
  must(request ?? fetch ?? isValidUrl(String(url)), 'url is invalid, or relative outside a browser')
  return {
    input: request ?? String(url),
    init: fetchInitOf(options, request),
    // Called as a plain function: a browser's fetch rejects any other `this` than the global one.
    fetch: fetch ?? ((...args) => globalThis.fetch(...args)),
    signal: readSignal(options.signal === undefined ? request?.signal : options.signal),
  }
}

/** What an init object may hold, of either layer. */
type AnyInit = StreamInit & Omit<ChatInit & EventsInit, keyof StreamInit>

function isValidUrl(url: string): boolean {
  return typeof URL.canParse !== 'function' || URL.canParse(url, globalThis.location?.href)
}

/** What is for `fetch`: all that is not for us, with the headers and the body as they are now. */
function fetchInitOf(options: AnyInit, request: Request | undefined): RequestInit {
  const {
    url: _1,
    json,
    format: _2,
    buffer: _3,
    timeout: _4,
    maxEventSize: _5,
    readAheadBytes: _6,
    requireEnd: _7,
    lenientEnd: _8,
    fetch: _9,
    signal: _10,
    onResponse: _11,
    onFrame: _12,
    onComment: _13,
    onReconnectionTime: _14,
    ...init
  } = options
  const headers = new Headers(init.headers ?? request?.headers)
  if (!headers.has('accept')) headers.set('accept', 'text/event-stream')
  const result: RequestInit = { ...init, headers }
  if (json !== undefined) {
    must(init.body == null, 'Give either json or body, not both')
    result.body = serialise(json)
    must(result.body, 'json must be a value that JSON can express')
    if (!request || request.method === 'GET') result.method ??= 'POST'
    if (!init.headers || !headers.has('content-type'))
      headers.set('content-type', 'application/json')
  } else if (init.body != null) {
    result.body = snapshot(init.body)
    // A stream as a body is only sent one way; fetch wants that said.
    const isStream = 'getReader' in Object(init.body) || Symbol.asyncIterator in Object(init.body)
    if (isStream) Object.assign(result, { duplex: 'half' })
  }
  const method = result.method ?? request?.method ?? 'GET'
  must(result.body == null || !/^(?:get|head)$/i.test(method), `${method} cannot have a body`)
  return result
}

function serialise(json: unknown): string {
  try {
    return JSON.stringify(json)
  } catch (cause) {
    throw new TypeError('json cannot be serialised; see cause', { cause })
  }
}

/** A copy of a body that its owner could still change. */
function snapshot(body: BodyInit): BodyInit {
  if (body instanceof ArrayBuffer) return body.slice(0)
  if (ArrayBuffer.isView(body)) {
    return body.buffer.slice(body.byteOffset, body.byteOffset + body.byteLength) as ArrayBuffer
  }
  if (isA('URLSearchParams', body)) return new URLSearchParams(body as URLSearchParams)
  if (!isA('FormData', body)) return body
  const copy = new FormData()
  for (const [name, value] of body as FormData) copy.append(name, value)
  return copy
}

/**
 * Sends the request and waits for the response's headers, at most `timeoutMs`.
 *
 * @param signal - Aborts the request, and the response's body after it.
 */
export async function sendRequest(
  request: PreparedRequest,
  timeoutMs: number,
  signal: AbortSignal,
  onResponse: ((response: Response) => void) | undefined,
): Promise<Response> {
  const response = await beforeTimeout(send(request, signal), timeoutMs, signal)
  const { status, headers } = isObject(response) ? (response as Partial<Response>) : {}
  if (typeof status !== 'number' || typeof headers?.get !== 'function') {
    throw new ChatError('callback', 'fetch did not resolve to a Response.')
  }
  try {
    if (!signal.aborted) onResponse?.(response)
    // Nobody is left to read it; this rejection goes nowhere.
    if (signal.aborted) throw signal.reason
  } catch (failure) {
    discardSource(response)
    throw failure
  }
  return response
}

async function send(
  { fetch, input, init }: PreparedRequest,
  signal: AbortSignal,
): Promise<Response> {
  try {
    const response = await fetch(input, { ...init, signal })
    // It came too late, from a fetch that ignores its signal: the timeout was already reported.
    if (signal.aborted) discardSource(response)
    return response
  } catch (cause) {
    throw new ChatError(
      'network',
      'No response came. Check the connection, the address and, in a browser, CORS.',
      { cause, retryable: true },
    )
  }
}

/** The clock stops with the signal too: a fetch that ignores its signal may never settle. */
function beforeTimeout<T>(promise: Promise<T>, timeoutMs: number, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const clock = watchdog(timeoutMs, () => reject(responseTimeout(timeoutMs)))
    // The fetch itself may have aborted it.
    if (!signal.aborted) clock.touch()
    signal.addEventListener('abort', clock.stop, { once: true })
    promise.then(resolve, reject).finally(clock.stop)
  })
}

function responseTimeout(timeoutMs: number): ChatError {
  return new ChatError(
    'timeout',
    `No response within ${timeoutMs} ms; raise timeout.response if it needs longer.`,
    { phase: 'response', timeoutMs, retryable: true },
  )
}
