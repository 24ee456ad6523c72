import { ChatError } from '../errors.ts'
import { type BodyKind, bodyKind } from '../framing/choose.ts'
import { isRetryableStatus, readFault, shorten } from '../provider-error.ts'
import { defined, parseJson } from '../wire-value.ts'
import { parseRetryAfter } from './retry-after.ts'
import { type BodyStream, discardSource, openBody } from './source.ts'
import { withDeadline } from './watchdog.ts'

/** Where providers put the id under which they logged a request. */
const REQUEST_ID_HEADERS = ['x-request-id', 'request-id', 'apim-request-id', 'x-amzn-requestid']

/** How much of the body of a refused response is read, in bytes, and for how long. */
const MAX_REFUSAL_BYTES = 64 * 1024
const MAX_REFUSAL_MS = 5_000

/**
 * Checks the status and the content type of a response, and that its body can be read.
 *
 * @param signal - Ends the reading of a refused response's body.
 * @param only - The one kind of body that will do; by default anything but an HTML page.
 * @returns The body; `null` if there is none, as with status 204.
 * @throws {ChatError} `http`, `content-type`, or `callback` if the body is unusable.
 */
export async function checkResponse(
  response: Response,
  signal: AbortSignal,
  only?: BodyKind,
): Promise<BodyStream | null> {
  const contentType = response.headers.get('content-type') ?? ''
  const kind = bodyKind(contentType)
  const { status } = response
  if (status < 200 || status > 299) throw await httpError(response, signal)
  if (isNoContent(response)) return null
  if (kind === 'html' || (only !== undefined && kind !== only)) {
    throw contentTypeError(contentType, await readRefusal(response, signal))
  }
  return usableBody(response)
}

/** Whether a response says that there is nothing to read, and has no type for it either. */
export function isNoContent({ status }: Response): boolean {
  return status === 204 || status === 205
}

function usableBody(response: Response): BodyStream | null {
  const body: unknown = response.body
  if (response.bodyUsed || (body as ReadableStream | null)?.locked) {
    throw new ChatError(
      'callback',
      'The body of the response was already read; hand over one that is untouched.',
    )
  }
  if (body === null) return null
  if (isReadable(body)) return body
  throw new ChatError(
    'callback',
    'The response has no readable body; set fetch to one that can stream (React Native: expo/fetch).',
  )
}

function isReadable(body: unknown): body is BodyStream {
  if (typeof body !== 'object' || body === null || ('locked' in body && body.locked)) return false
  return 'getReader' in body || Symbol.asyncIterator in body
}

async function httpError(response: Response, signal: AbortSignal): Promise<ChatError> {
  const { status, headers } = response
  const body = await readRefusal(response, signal)
  const fault = readFault(parseJson(body))
  const requestId =
    REQUEST_ID_HEADERS.map((name) => headers.get(name)).find(Boolean) ?? fault.requestId
  const reason = fault.message === undefined ? '' : `: ${shorten(fault.message)}`
  return new ChatError(
    'http',
    `The server answered with status ${status}${reason}. ${advice(status)}`,
    {
      status,
      body,
      retryable: isRetryableStatus(status),
      ...defined({
        providerCode: fault.code,
        retryAfterMs: parseRetryAfter(headers, Date.now()),
        requestId,
      }),
    },
  )
}

function advice(status: number): string {
  if (status === 401 || status === 403) return 'Check the credentials.'
  if (status === 404 || status === 405) return 'Check the URL and the method.'
  return isRetryableStatus(status) ? 'Try again later.' : 'See body for what the server said.'
}

/** The error for a body of the wrong kind, whether its header says so or its first characters do. */
export function contentTypeError(contentType: string, body: string): ChatError {
  const got = contentType === '' ? 'a body without content type' : contentType
  const hint = /amazon\.eventstream/i.test(contentType)
    ? 'Bedrock streams binary frames: translate them on the server.'
    : 'A login page, a proxy or a wrong URL often is the reason; see body.'
  return new ChatError('content-type', `Expected a streamed answer, got ${got}. ${hint}`, {
    contentType,
    body: body.slice(0, MAX_REFUSAL_BYTES),
  })
}

/** The start of a refused response's body: as much as comes in time. Then it is closed. */
async function readRefusal(response: Response, signal: AbortSignal): Promise<string> {
  const body: unknown = response.body
  if (!isReadable(body) || signal.aborted) {
    discardSource(response)
    return ''
  }
  const source = openBody(body)
  const decoder = new TextDecoder()
  let text = ''
  let size = 0

  async function readAll(): Promise<void> {
    while (size < MAX_REFUSAL_BYTES) {
      const { done, value } = await source.read()
      if (done || value === undefined) return
      const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value
      const chunk = bytes.subarray(0, MAX_REFUSAL_BYTES - size)
      size += chunk.byteLength
      text += decoder.decode(chunk, { stream: true })
    }
  }

  // The refusal itself is the news: if its body breaks off, what came of it is enough.
  await withDeadline(readAll(), MAX_REFUSAL_MS, signal).catch(() => {})
  source.cancel(undefined)
  return text
}
