import type { ChatResult } from './chat-event.ts'

/**
 * What went wrong, as one word:
 *
 * - `http`: the status is not 2xx.
 * - `content-type`: 2xx, but an HTML page, or JSON that is no chat answer.
 * - `network`: the request or a read failed.
 * - `timeout`: one of the `timeout` options, or the caller's `AbortSignal.timeout()`, ran out.
 * - `truncated`: the body ended before the answer did.
 * - `malformed`: a frame is not what the wire format allows.
 * - `provider`: the server reported a failure inside the stream.
 * - `too-large`: `maxEventSize` was exceeded.
 * - `callback`: a function given by the caller threw or broke its word.
 */
export type ChatErrorCode =
  | 'http'
  | 'content-type'
  | 'network'
  | 'timeout'
  | 'truncated'
  | 'malformed'
  | 'provider'
  | 'too-large'
  | 'callback'

/** Which clock ran out: see `ChatError.phase`. */
export type TimeoutPhase = 'response' | 'idle' | 'content' | 'signal'

/** The evidence of a {@link ChatError}. Which fields are present follows from its `code`. */
export interface ChatErrorDetails {
  /** Whether the same request, sent again unchanged, may well succeed. */
  retryable?: boolean
  cause?: unknown
  status?: number
  body?: string
  contentType?: string
  retryAfterMs?: number
  requestId?: string
  phase?: TimeoutPhase
  timeoutMs?: number
  pending?: string
  frame?: string
  providerCode?: string
  raw?: unknown
  limit?: number
}

/**
 * The one error class of chatwire. `code` says what happened, the other fields are the evidence.
 *
 * `message` never holds request headers, the request body or the answer's text. `body`, `raw`,
 * `frame` and `pending` are the server's own words, which may echo the prompt: treat them as such
 * before logging or showing them.
 */
export class ChatError extends Error {
  override readonly name = 'ChatError'
  readonly code: ChatErrorCode
  /** Whether the same request, sent again unchanged, may well succeed. */
  readonly retryable: boolean
  /** `http`: the status of the response. */
  declare readonly status?: number
  /** `http`, `content-type`: the start of the response's body, at most 64 KiB of it. */
  declare readonly body?: string
  /** `content-type`: the Content-Type header, `''` if there was none. */
  declare readonly contentType?: string
  /**
   * `http`, and `provider` from `chatwire/server`: what the server's Retry-After asks for, in
   * milliseconds; finite, >= 0, not clamped.
   */
  declare readonly retryAfterMs?: number
  /** `http`, `provider`: the id under which the provider logged the request. */
  declare readonly requestId?: string
  /** `timeout`: which clock ran out; `signal` is the caller's own `AbortSignal.timeout()`. */
  declare readonly phase?: TimeoutPhase
  /** `timeout`: how long that clock was, in milliseconds; absent for phase `signal`. */
  declare readonly timeoutMs?: number
  /** `truncated`: the text of the frame that was cut off, if one was. */
  declare readonly pending?: string
  /** `malformed`: the payload that could not be read. */
  declare readonly frame?: string
  /** `http`, `provider`: the provider's own error code or type. */
  declare readonly providerCode?: string
  /** `provider`: the error as the server sent it. */
  declare readonly raw?: unknown
  /** `too-large`: the limit that was exceeded, in UTF-16 code units. */
  declare readonly limit?: number
  /**
   * All that arrived before the error. Set when the error is thrown by `collect` or `textOf`; not
   * enumerable, because the result holds the error in turn.
   */
  declare readonly result?: ChatResult

  constructor(code: ChatErrorCode, message: string, details: ChatErrorDetails = {}) {
    const { retryable = false, cause, ...evidence } = details
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.retryable = retryable
    Object.assign(this, evidence)
  }
}

/**
 * Whether `value` is a {@link ChatError}, also one from another realm or from a second copy of the
 * package: it looks at the name and the shape, not at the class.
 */
export function isChatError(value: unknown): value is ChatError {
  if (typeof value !== 'object' || value === null) return false
  const error = value as Partial<ChatError>
  return (
    error.name === 'ChatError' &&
    typeof error.code === 'string' &&
    typeof error.message === 'string' &&
    typeof error.retryable === 'boolean'
  )
}
