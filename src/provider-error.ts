import { ChatError } from './errors.ts'
import {
  asNumber,
  asObject,
  asText,
  defined,
  firstText,
  isObject,
  type WireObject,
} from './wire-value.ts'

/** What a provider said about a failure, in whatever shape it said it. */
export interface ProviderFault {
  message?: string
  code?: string
  requestId?: string
}

/**
 * Reads a JSON error of any of the shapes servers send: `{error: {message, type, code}}` (OpenAI,
 * Anthropic, Gemini, also in an array), `{error: "…"}`, `{error: "Class", message}` (LangGraph),
 * `{detail: "…" | [{msg, loc}]}` (FastAPI), `{message}`, `{errors: [{message}]}`, `{title}` (problem
 * details), `{content}` or `{data}` (hand-written), or just a string.
 */
export function readFault(value: unknown, depth = 0): ProviderFault {
  if (typeof value === 'string') return defined({ message: asText(value) })
  // Nobody nests deeper, and the wire must not choose how deep we recurse.
  if (depth > 3) return {}
  if (Array.isArray(value)) return readFault(value[0], depth + 1)
  if (!isObject(value)) return {}
  const { error, errors, detail, loc } = value
  const inner = readFault(asObject(error), depth + 1)
  const message = asText(value['message'])
  const place = Array.isArray(loc) && loc.length > 0 ? `${loc.join('.')}: ` : ''
  const problem = asText(value['msg'])
  return defined({
    message:
      inner.message ??
      message ??
      firstText(value, 'error', 'errorText') ??
      (problem && place + problem) ??
      readFault(detail ?? errors, depth + 1).message ??
      firstText(value, 'error_description', 'title', 'content', 'data'),
    code: inner.code ?? codeOf(value) ?? (message && asText(error)),
    requestId: asText(value['request_id']) ?? inner.requestId,
  })
}

function codeOf({ code, type, status, status_code }: WireObject): string | undefined {
  const kind = type === 'error' ? undefined : type
  for (const found of [code, kind, status, status_code]) {
    if (asText(found) !== undefined || asNumber(found) !== undefined) return String(found)
  }
  return undefined
}

/** Whether a request that got this status may be sent again. */
export function isRetryableStatus(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500
}

/** Whether a provider's code, or its message where it gives none, says that it is worth a retry. */
export function isRetryableWord(word: string): boolean {
  return RETRYABLE.test(word)
}

const RETRYABLE =
  /rate[_ ]?limit|overloaded|time[d_ ]*out|api_error|server_error|internal_error|network_error|insufficient_system|unavailable|resource_exhausted|deadline_exceeded|^internal$/i

/** How much of a provider's message goes into ours. */
const MAX_MESSAGE_LENGTH = 500

/** A provider's message as part of ours: bounded, and without a full stop of its own. */
export function shorten(message: string): string {
  return bounded(message.trim().replace(/[.\s]+$/, ''))
}

/** At most the beginning of what may be as long as the wire likes. */
export function bounded(message: string, length: number = MAX_MESSAGE_LENGTH): string {
  return message.length > length ? `${message.slice(0, length)}…` : message
}

/** The error for a failure that the server reported inside the stream. */
export function providerError(raw: unknown): ChatError {
  const fault = readFault(raw)
  const code = fault.code
  const status = Number(code)
  const reason = fault.message ?? code ?? 'it gave no reason'
  // Larger numbers are codes of the provider's own.
  const retryable =
    Number.isInteger(status) && status < 600
      ? isRetryableStatus(status)
      : isRetryableWord(code ?? reason)
  return new ChatError(
    'provider',
    `The server reported an error in the stream: ${shorten(reason)}.`,
    {
      retryable,
      raw,
      ...defined({ providerCode: code, requestId: fault.requestId }),
    },
  )
}
