import { ChatError } from '../errors.ts'
import { isObject } from '../wire-value.ts'
import { withoutData } from './failures.ts'
import { isRedirect, redirected } from './redirects.ts'
import type { PreparedRequest } from './request.ts'
import { discardSource } from './source.ts'
import { withDeadline } from './watchdog.ts'

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
  const response = await withDeadline(send(request, signal), timeoutMs, signal, () =>
    responseTimeout(timeoutMs),
  )
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

async function send(request: PreparedRequest, signal: AbortSignal): Promise<Response> {
  let next = request
  for (let redirects = 0; ; redirects++) {
    const response = await fetchOnce(next, signal)
    if (!request.seesRedirects || !isRedirect(response)) return response
    discardSource(response)
    next = redirected(next, response, redirects)
  }
}

async function fetchOnce(
  { fetch, input, init }: PreparedRequest,
  signal: AbortSignal,
): Promise<Response> {
  // Not the signal itself: aborting a fetch that has failed makes undici throw where nobody can
  // catch it (measured, 7.29.1: a response with more than five content encodings).
  const controller = new AbortController()
  const abort = (): void => controller.abort(signal.reason)
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  try {
    // A copy, because a request with a body can be sent only once.
    const copy = typeof input === 'object' && input.body && !input.bodyUsed ? input.clone() : input
    const response = await fetch(copy, { ...init, signal: controller.signal })
    // It came too late, from a fetch that ignores its signal: the timeout was already reported.
    if (signal.aborted) discardSource(response)
    return response
  } catch (cause) {
    signal.removeEventListener('abort', abort)
    throw new ChatError(
      'network',
      'No response came. Check the connection, the address and, in a browser, CORS.',
      { cause: withoutData(cause), retryable: true },
    )
  }
}

function responseTimeout(timeoutMs: number): ChatError {
  return new ChatError(
    'timeout',
    `No response within ${timeoutMs} ms; raise timeout.response if it needs longer.`,
    { phase: 'response', timeoutMs, retryable: true },
  )
}
