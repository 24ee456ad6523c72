import { readSignal } from '../arguments.ts'
import { ChatError } from '../errors.ts'
import type { StreamInit } from '../options.ts'
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

/** The fields of a {@link ChatInit} that are ours; all others are passed on to `fetch`. */
const OWN_FIELDS = new Set<PropertyKey>([
  'url',
  'json',
  'format',
  'buffer',
  'timeout',
  'maxEventSize',
  'readAheadBytes',
  'requireEnd',
  'lenientEnd',
  'fetch',
  'signal',
  'onResponse',
  'onFrame',
  'onComment',
  'onReconnectionTime',
])

/** Reads the arguments of a request once. Throws a `TypeError` if they are wrong. */
export function prepareRequest(
  input: string | URL | Request | StreamInit,
  init: StreamInit | undefined,
): PreparedRequest {
  const isTarget = typeof input === 'string' || input instanceof URL || isRequest(input)
  const options: StreamInit = (isTarget ? init : input) ?? {}
  const target = isTarget ? input : options.url
  if (target === undefined) throw new TypeError('url is missing: give a string, a URL or a Request')
  if (typeof target !== 'string' && !(target instanceof URL) && !isRequest(target)) {
    throw new TypeError('url must be a string, a URL or a Request')
  }
  const request = isRequest(target) ? target : undefined
  const fetchInit = fetchInitOf(options, request)
  const { fetch: customFetch, signal = request?.signal } = options
  if (customFetch !== undefined && typeof customFetch !== 'function') {
    throw new TypeError('fetch must be a function')
  }
  const url = request ?? String(target)
  if (typeof url === 'string') checkUrl(url, customFetch !== undefined)
  return {
    input: url,
    init: fetchInit,
    // Called as a plain function: a browser's fetch rejects any other `this` than the global one.
    fetch: customFetch ?? ((...args) => globalThis.fetch(...args)),
    signal: readSignal(signal),
  }
}

function isRequest(value: unknown): value is Request {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.prototype.toString.call(value) === '[object Request]'
  )
}

function checkUrl(url: string, hasCustomFetch: boolean): void {
  // A fetch of the caller's may resolve relative URLs by its own rules.
  if (hasCustomFetch || typeof URL.canParse !== 'function') return
  if (!URL.canParse(url, globalThis.location?.href)) {
    throw new TypeError('url is not a valid URL; outside a browser it must be absolute')
  }
}

function fetchInitOf(options: StreamInit, request: Request | undefined): RequestInit {
  const passedOn = Object.entries(options).filter(([key]) => !OWN_FIELDS.has(key))
  const init: RequestInit = Object.fromEntries(passedOn)
  const headers = new Headers(options.headers ?? request?.headers)
  if (!headers.has('accept')) headers.set('accept', 'text/event-stream')
  if (options.json !== undefined) {
    if (options.body != null) throw new TypeError('Give either json or body, not both')
    init.body = serialise(options.json)
    init.method ??= 'POST'
    if (options.headers === undefined || !new Headers(options.headers).has('content-type')) {
      headers.set('content-type', 'application/json')
    }
  } else if (options.body != null) {
    init.body = snapshot(options.body)
    // A stream as a body is only sent one way; fetch wants that said.
    if (isStream(init.body)) Object.assign(init, { duplex: 'half' })
  }
  const method = (init.method ?? request?.method ?? 'GET').toUpperCase()
  if (init.body != null && (method === 'GET' || method === 'HEAD')) {
    throw new TypeError(`A ${method} request cannot have a body; set method to 'POST'`)
  }
  init.headers = headers
  return init
}

function serialise(json: unknown): string {
  const text: string | undefined = JSON.stringify(json)
  if (text === undefined) throw new TypeError('json must be a value that JSON can express')
  return text
}

function isStream(body: unknown): boolean {
  return isObject(body) && typeof body['getReader'] === 'function'
}

/** A copy of a body that its owner could still change. */
function snapshot(body: BodyInit): BodyInit {
  if (body instanceof URLSearchParams) return new URLSearchParams(body)
  if (body instanceof ArrayBuffer) return body.slice(0)
  if (ArrayBuffer.isView(body)) {
    const { buffer, byteOffset, byteLength } = body
    return new Uint8Array(buffer, byteOffset, byteLength).slice() as Uint8Array<ArrayBuffer>
  }
  if (body instanceof FormData) {
    const copy = new FormData()
    for (const [name, value] of body) copy.append(name, value)
    return copy
  }
  return body
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
    throw new ChatError('callback', 'The given fetch did not resolve to a Response.')
  }
  try {
    onResponse?.(response)
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
    // It came too late, from a fetch that ignores its signal.
    if (signal.aborted) discardSource(response)
    return response
  } catch (cause) {
    throw new ChatError(
      'network',
      'The request failed before any response came. Check the connection, the address and, in a browser, CORS.',
      { cause, retryable: true },
    )
  }
}

/** The clock stops with the signal too: a fetch that ignores its signal may never settle. */
function beforeTimeout<T>(promise: Promise<T>, timeoutMs: number, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const clock = watchdog(timeoutMs, () => reject(responseTimeout(timeoutMs)))
    clock.touch()
    signal.addEventListener('abort', clock.stop, { once: true })
    promise.then(resolve, reject).finally(clock.stop)
  })
}

function responseTimeout(timeoutMs: number): ChatError {
  return new ChatError(
    'timeout',
    `No response came within ${timeoutMs} ms. Raise timeout.response if the server needs longer.`,
    { phase: 'response', timeoutMs, retryable: true },
  )
}
