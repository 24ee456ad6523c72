import { isA, isTarget, readSignal } from '../arguments.ts'
import { must } from '../must.ts'
import type { ChatInit, EventsInit, StreamInit } from '../options.ts'

/** A request as it was at the call: later changes to the caller's objects do not reach it. */
export interface PreparedRequest {
  input: string | Request
  init: RequestInit & { headers: Headers }
  fetch: typeof fetch
  signal: AbortSignal | undefined
  /** Whether its body can be sent more than once. */
  isRepeatable: boolean
  /** Whether redirects come to us, because the caller did not say what becomes of them. */
  seesRedirects: boolean
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
  must(!hasCredentials(url), 'url must not hold a user name or a password: set a header instead')
  const fetchInit = fetchInitOf(options, request)
  const redirect = fetchInit.redirect ?? request?.redirect ?? 'follow'
  must(/^(?:follow|error|manual)$/.test(redirect), "redirect must be 'follow', 'error' or 'manual'")
  const seesRedirects = fetchInit.redirect === undefined && redirect === 'follow' && !isBrowser()
  return {
    input: request ?? String(url),
    init: seesRedirects ? { ...fetchInit, redirect: 'manual' } : fetchInit,
    isRepeatable: !('duplex' in fetchInit),
    seesRedirects,
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

/** Fetch takes no such url, and its error would show it. */
function hasCredentials(url: string | undefined): boolean {
  return /^[a-z][a-z\d+.-]*:[\\/]*[^\\/?#]*@/i.test(url?.trim() ?? '')
}

/**
 * A browser shows redirects to nobody: asked not to follow them, it gives a response without status.
 * All browsers, and only they, begin their name with the name of the first one.
 */
function isBrowser(): boolean {
  return /^Mozilla/.test(globalThis.navigator?.userAgent ?? '')
}

/** The options that are ours; all others are for `fetch`. */
const OUR_OPTIONS: ReadonlySet<string> = new Set<keyof AnyInit>([
  'url',
  'json',
  'format',
  'buffer',
  'timeout',
  'retry',
  'resume',
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

/** What is for `fetch`, with the headers and the body as they are now. */
function fetchInitOf(options: AnyInit, request: Request | undefined): PreparedRequest['init'] {
  const { json } = options
  const init: RequestInit = Object.fromEntries(
    Object.entries(options).filter(([name]) => !OUR_OPTIONS.has(name)),
  )
  const headers = init.headers == null ? new Headers(request?.headers) : readHeaders(init.headers)
  if (!headers.has('accept')) headers.set('accept', 'text/event-stream')
  const result: PreparedRequest['init'] = { ...init, headers }
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
  // Fetch would refuse it only when it is called, which would look like a lost connection.
  must(/^[\w!#$%&'*+.^`|~-]+$/.test(method), 'method has a character that HTTP does not allow')
  must(result.body == null || !/^(?:get|head)$/i.test(method), `${method} cannot have a body`)
  return result
}

const LAST_EVENT_ID = 'last-event-id'

/**
 * The caller's headers. `Headers` takes a character for a byte, but a last event ID is sent as UTF-8.
 */
function readHeaders(given: HeadersInit): Headers {
  try {
    if (isA('Headers', given)) return new Headers(given)
    const entries = Symbol.iterator in given ? [...given] : Object.entries(given)
    return new Headers(
      entries.map(([name = '', value = '']): [string, string] => [
        name,
        name.toLowerCase() === LAST_EVENT_ID ? utf8Bytes(value) : value,
      ]),
    )
  } catch {
    // The platform's own error shows the value that is wrong, which may be a key.
    throw new TypeError(
      'headers are invalid: a name or a value has a character that HTTP does not allow',
    )
  }
}

/** Text as UTF-8, with one character for each byte. */
function utf8Bytes(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join('')
}

/** The last event ID that a request asks to go on from; `''` if it names none. */
export function lastEventIdOf({ init }: PreparedRequest): string {
  const bytes = init.headers.get(LAST_EVENT_ID) ?? ''
  return new TextDecoder().decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)))
}

/** The same request, which names the last event ID unless it already names one. */
export function withLastEventId(request: PreparedRequest, id: string): PreparedRequest {
  const headers = new Headers(request.init.headers)
  if (id !== '' && !headers.has(LAST_EVENT_ID)) headers.set(LAST_EVENT_ID, utf8Bytes(id))
  return { ...request, init: { ...request.init, headers } }
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
