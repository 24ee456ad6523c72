import { type ChatError, isChatError } from '../errors.ts'
import type { RetryOptions } from '../options.ts'
import { connectionLost } from './failures.ts'

/** What the stream itself said about going on. */
export interface Position {
  lastEventId: string
  /** The reconnection time the server asked for, in milliseconds. */
  reconnectionMs?: number
}

/** A failed stream goes on: after how long, and with which request, if not the same as before. */
export interface Recovery<Init> {
  delayMs: number
  resumeWith?: Init
}

/** What {@link planRecovery} needs to know. */
export interface RecoveryOptions<Init> {
  retry: Required<RetryOptions>
  /** The caller's `resume`: `undefined` gives up. */
  resume: ((attempt: number) => Init | undefined) | undefined
  /** How many events came so far. */
  eventCount(): number
  position(): Position
  random?: () => number
}

/**
 * Decides after each failure whether the stream goes on. Pure but for its counts: it owns no timer.
 *
 * A request is only sent again by itself as long as no event came, because it may cost money or act
 * twice. Later the caller says how to go on.
 */
export function planRecovery<Init>(
  options: RecoveryOptions<Init>,
): (failure: unknown) => Recovery<Init> | undefined {
  const { retry, resume, eventCount, position, random = Math.random } = options
  let retries = 0
  let attempt = 0
  let eventsBefore = 0

  function resumption(error: ChatError): Recovery<Init> | undefined {
    if (resume === undefined || !isLostConnection(error, attempt > 0)) return undefined
    // Only what a server says counts as progress: one that accepts and hangs up must not reset it.
    if (eventCount() > eventsBefore) attempt = 0
    eventsBefore = eventCount()
    attempt++
    const delayMs = resumeDelay(error, attempt, position().reconnectionMs, random)
    const resumeWith = delayMs === undefined ? undefined : resume(attempt)
    return delayMs === undefined || resumeWith === undefined ? undefined : { delayMs, resumeWith }
  }

  return (failure) => {
    const error = isChatError(failure) ? failure : connectionLost(failure)
    if (eventCount() === 0 && attempt === 0 && retries < retry.retries) {
      const delayMs = retryDelay(error, retries, retry, random)
      if (delayMs !== undefined) {
        retries++
        return { delayMs }
      }
    }
    return resumption(error)
  }
}

/** Whether the same request, sent again, may get through. */
function isWorthRetrying(error: ChatError): boolean {
  const { code, phase, retryable } = error
  return (
    code === 'network' ||
    (code === 'timeout' && phase === 'response') ||
    (code === 'http' && retryable)
  )
}

function isLostConnection(error: ChatError, isResumed: boolean): boolean {
  const { code, phase } = error
  if (code === 'network' || code === 'truncated' || (code === 'timeout' && phase === 'idle'))
    return true
  return isResumed && isWorthRetrying(error)
}

/**
 * How long to wait before the request is sent again: as long as the server asks, else anything up to
 * a ceiling that doubles each time ("full jitter"), so that clients do not come back all at once.
 *
 * @param retries - How many times it was sent again so far.
 */
function retryDelay(
  error: ChatError,
  retries: number,
  { minDelayMs, maxDelayMs }: Required<RetryOptions>,
  random: () => number,
): number | undefined {
  if (!isWorthRetrying(error)) return undefined
  const { retryAfterMs } = error
  if (retryAfterMs !== undefined) return retryAfterMs <= maxDelayMs ? retryAfterMs : undefined
  return random() * Math.min(maxDelayMs, minDelayMs * 2 ** retries)
}

/** Bounds of the reconnection time that a server may ask for, and what it is if it asks for none. */
const MIN_RECONNECTION_MS = 100
const MAX_RECONNECTION_MS = 60_000
const RECONNECTION_MS = 1_000

/** How long to wait before attempt number `attempt` at going on: the reconnection time, then more. */
function resumeDelay(
  { retryAfterMs = 0 }: ChatError,
  attempt: number,
  reconnectionMs: number = RECONNECTION_MS,
  random: () => number,
): number | undefined {
  const least = Math.min(Math.max(reconnectionMs, MIN_RECONNECTION_MS), MAX_RECONNECTION_MS)
  const most = Math.min(least * 2 ** (attempt - 1), MAX_RECONNECTION_MS)
  if (retryAfterMs > MAX_RECONNECTION_MS) return undefined
  return Math.max(least + random() * (most - least), retryAfterMs)
}
