import { readReadAhead, readRetry, readTimeout } from '../arguments.ts'
import { ChatError } from '../errors.ts'
import { must } from '../must.ts'
import type { StreamInit } from '../options.ts'
import { isObject } from '../wire-value.ts'
import type { Limits, Open, Reconnection } from './driver.ts'
import { type Position, planRecovery } from './recovery.ts'
import { type PreparedRequest, prepareRequest, withLastEventId } from './request.ts'
import { isNoContent } from './response.ts'
import { sendRequest } from './send.ts'
import type { Source } from './source.ts'

/** What {@link connectByRequest} needs to know. */
export interface ConnectorOptions<Init, Cursor, In> {
  request: PreparedRequest
  /** The options that came with the request. */
  init: Init
  onResponse: ((response: Response) => void) | undefined
  /** Opens the body of a response, held to the options that came with its request. */
  open(response: Response, signal: AbortSignal, init: Init): Promise<Source<In>>
  /** How many events came so far. */
  eventCount(): number
  position(): Position
  /** Whether the stream is complete but for the end of its connection. */
  isComplete?(): boolean
  /** The caller's word on how to go on. */
  resume: ((cursor: Cursor) => Init | undefined) | undefined
  /** Where the stream stands, at this attempt to go on. */
  cursor(attempt: number): Cursor
  /** Forgets what a failed attempt said, before the same request is sent again. */
  restart(): void
}

/** How the driver connects, and connects again. */
export interface Connector<In> {
  open: Open<In>
  limits: Limits
  recover(failure: unknown): Reconnection<In> | undefined
}

/** Connects by sending a request: the caller's, that one again, or one with which it resumes. */
export function connectByRequest<Init extends StreamInit, Cursor, In>(
  options: ConnectorOptions<Init, Cursor, In>,
): Connector<In> {
  const { position, resume } = options
  const retry = readRetry(options.init.retry)
  must(
    retry.retries === 0 || options.request.isRepeatable,
    'retry needs a body that can be sent again, not a stream',
  )
  must(resume === undefined || typeof resume === 'function', 'resume must be a function')
  const plan = planRecovery({
    retry,
    position,
    eventCount: options.eventCount,
    resume: resume && ((attempt) => callResume(resume, options.cursor(attempt))),
  })
  let { init } = options
  let connection = connectionOf(options.request, init)
  /** The server says that there is no more: how an event stream is told not to reconnect. */
  let isFinal = false

  function connectionOf(request: PreparedRequest, init: Init): { open: Open<In>; limits: Limits } {
    const timeout = readTimeout(init.timeout)
    return {
      limits: limitsOf(init, request.signal),
      async open(signal) {
        const response = await sendRequest(request, timeout.response, signal, options.onResponse)
        isFinal = isNoContent(response)
        return options.open(response, signal, init)
      },
    }
  }

  function resumeWith(next: Init): void {
    const { fetch, timeout, maxEventSize, readAheadBytes } = init
    const { signal } = connection.limits
    try {
      must(isObject(next), 'It must return a request or undefined, at once')
      const given = Object.entries(next).filter(([, value]) => value !== undefined)
      init = {
        fetch,
        timeout,
        maxEventSize,
        readAheadBytes,
        signal,
        ...Object.fromEntries(given),
      } as Init
      const request = prepareRequest(init, undefined)
      connection = connectionOf(withLastEventId(request, position().lastEventId), init)
    } catch (cause) {
      throw new ChatError('callback', 'resume returned no usable request; see cause.', { cause })
    }
  }

  return {
    ...connection,
    recover(failure) {
      if (isFinal || options.isComplete?.()) return undefined
      const recovery = plan(failure)
      if (recovery === undefined) return undefined
      if (recovery.resumeWith === undefined) options.restart()
      else resumeWith(recovery.resumeWith)
      return { ...connection, delayMs: recovery.delayMs }
    },
  }
}

/** What a connection is held to, by the caller's options. */
export function limitsOf(
  { timeout, readAheadBytes }: Pick<StreamInit, 'timeout' | 'readAheadBytes'>,
  signal: AbortSignal | undefined,
): Limits {
  const { idle: idleMs, content: contentMs } = readTimeout(timeout)
  return { signal, readAheadBytes: readReadAhead(readAheadBytes), idleMs, contentMs }
}

function callResume<Init, Cursor>(
  resume: (cursor: Cursor) => Init | undefined,
  cursor: Cursor,
): Init | undefined {
  try {
    return resume(cursor)
  } catch (cause) {
    throw new ChatError('callback', 'resume failed; see cause.', { cause })
  }
}
