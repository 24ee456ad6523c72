import { ChatError } from '../errors.ts'
import type { PreparedRequest } from './request.ts'

/** As many as browsers follow. */
const MAX_REDIRECTS = 20

/** Headers that speak of a body. */
const BODY_HEADERS = [
  'content-type',
  'content-length',
  'content-encoding',
  'content-language',
  'content-location',
]

/** Whether a response sends its request elsewhere. */
export function isRedirect(response: Response): boolean {
  return [301, 302, 303, 307, 308].includes(response?.status) && response.headers?.has('location')
}

/**
 * The request that a redirect asks for, within the same origin. To another one nothing is sent:
 * runtimes leave out `Authorization` there, but not other headers that hold keys, nor the prompt.
 *
 * @param redirects - How many were followed before.
 * @throws {ChatError} of code `http`, with the status of the redirect.
 * @see https://fetch.spec.whatwg.org/#http-redirect-fetch
 */
export function redirected(
  request: PreparedRequest,
  response: Response,
  redirects: number,
): PreparedRequest {
  const { status } = response
  const refuse = (reason: string): ChatError =>
    new ChatError('http', `The server answered with a redirect (${status}) ${reason}`, {
      status,
      body: '',
    })
  const { input, init } = request
  const from = parseUrl(typeof input === 'string' ? input : input.url, response.url || undefined)
  const to = parseUrl(response.headers.get('location') ?? '', from?.href)
  if (to === undefined) throw refuse('to an address that cannot be read. Check the URL.')
  if (to.origin !== from?.origin) {
    // The origin of `data:` and its like is the word "null".
    const origin = to.origin === 'null' ? to.protocol : to.origin
    throw refuse(
      `to another origin, ${origin}; headers and body would travel with it. Use that address, or set redirect: 'follow'.`,
    )
  }
  if (redirects >= MAX_REDIRECTS) throw refuse(`${redirects + 1} times in a row. Check the URL.`)
  const method = init.method ?? (typeof input === 'string' ? 'GET' : input.method)
  const becomesGet =
    status === 303 ? !/^(?:get|head)$/i.test(method) : status < 303 && /^post$/i.test(method)
  if (!becomesGet && !request.isRepeatable) {
    throw refuse('but its body is a stream, which can be sent only once. Use the new address.')
  }
  if (!becomesGet) {
    const moved = typeof input === 'string' ? to.href : new Request(to.href, input.clone())
    return { ...request, input: moved }
  }
  const headers = new Headers(init.headers)
  for (const name of BODY_HEADERS) headers.delete(name)
  return { ...request, input: to.href, init: { ...init, method: 'GET', headers, body: null } }
}

function parseUrl(url: string, base?: string): URL | undefined {
  try {
    return new URL(url, base)
  } catch {
    // Not an address is an answer here.
    return undefined
  }
}
