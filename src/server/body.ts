import { readSignal } from '../arguments.ts'
import { must, readNumber } from '../must.ts'
import { signalTimedOut } from '../transport/failures.ts'
import { iterableSource, type ReadResult } from '../transport/source.ts'
import { watchdog } from '../transport/watchdog.ts'
import { type ChatEventInit, encodeChat } from './encode.ts'

/** How an answer is sent. */
export interface SendOptions {
  /**
   * After how long without a byte a comment is sent, in milliseconds, so that no proxy takes the
   * connection for dead. It comes up to a tenth later. Default 15 000; 0 and `Infinity` turn it off.
   */
  heartbeatMs?: number
  /**
   * Stops the answer: it ends at once with the finish reason `'aborted'`, or, if this is an
   * `AbortSignal.timeout()` that ran out, with an error. That the client left is seen without it,
   * where the server says so; where it does not, give the request's own signal.
   */
  signal?: AbortSignal | null
  /**
   * Called once if the answer fails, with what the events threw or the error among them: the place
   * to log it. A string that it returns is the message that the browser gets.
   *
   * By default that is the message of a `ChatError`, except for a refusal (code `http`), whose
   * status alone is told, and a fixed text for anything else that was thrown.
   */
  onError?(error: unknown): unknown
}

/** The body of one answer, read piece by piece: nothing is taken from its events before that. */
export interface ChatBody {
  /** The next piece; `undefined` after the last. Called again only when this one has settled. */
  read(): Promise<string | undefined>
  /** The client left: closes the events at once. A `read` that waits gets `undefined`. */
  cancel(): void
}

/** The headers of an answer. All but the content type are the caller's to replace. */
export const HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/event-stream; charset=utf-8',
  // Compression would hold small frames back, and so would the buffer of nginx.
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
}

const KEEPALIVE = ': keepalive\n\n'

/** Joins the events of an answer, its encoding, the heartbeat and the signal. */
export function chatBody(
  events: AsyncIterable<ChatEventInit>,
  options: SendOptions = {},
): ChatBody {
  must(
    typeof events?.[Symbol.asyncIterator] === 'function',
    'events must be an async iterable of chat events',
  )
  const { onError } = options
  must(onError === undefined || typeof onError === 'function', 'onError must be a function')
  const heartbeatMs = readNumber('heartbeatMs', options.heartbeatMs, 15_000)
  const signal = readSignal(options.signal)
  const source = iterableSource(events)
  const encoder = encodeChat(onError && messageBy(onError))
  const heartbeat = watchdog(heartbeatMs, () => {
    if (waiter === undefined) return
    write(KEEPALIVE)
    settle()
  })
  /** What was written and not yet read. */
  let written = ''
  let waiter: ((piece: string | undefined) => void) | undefined
  let isStarted = false
  let isAsking = false
  let isOver = false

  function write(text: string): void {
    written += text
  }

  function settle(): void {
    if (written === '' && !isOver) return
    const resolve = waiter
    if (resolve === undefined) return
    const piece = written === '' ? undefined : written
    waiter = undefined
    written = ''
    resolve(piece)
  }

  /** Asks for the next event, if somebody waits for it. */
  function ask(): void {
    if (isAsking || isOver || waiter === undefined) return
    isAsking = true
    source.read().then(onEvent, onThrow)
  }

  function onEvent(result: ReadResult<ChatEventInit>): void {
    isAsking = false
    if (isOver) return
    try {
      const { done, value } = result
      if (done) encoder.end(write)
      else encoder.push(value as ChatEventInit, write)
    } catch (failure) {
      // An event that cannot be written: a cycle, a bigint, no event or result at all.
      encoder.fail(failure, write)
    }
    if (encoder.isOver()) close(result?.done !== true)
    settle()
    ask()
  }

  function onThrow(failure: unknown): void {
    isAsking = false
    if (isOver) return
    encoder.fail(failure, write)
    close(false)
    settle()
  }

  function onAbort(): void {
    const timeout = signalTimedOut(signal?.reason)
    if (timeout !== undefined) encoder.fail(timeout, write)
    else encoder.push({ type: 'done', finishReason: 'aborted' }, write)
    close(true)
    settle()
  }

  function close(isUpstreamOpen: boolean): void {
    if (isOver) return
    isOver = true
    heartbeat.stop()
    signal?.removeEventListener('abort', onAbort)
    if (isUpstreamOpen) source.cancel(undefined)
  }

  function start(): void {
    isStarted = true
    if (isOver) return
    if (signal?.aborted) onAbort()
    else signal?.addEventListener('abort', onAbort, { once: true })
  }

  return {
    read() {
      if (!isStarted) start()
      return new Promise((resolve) => {
        waiter = resolve
        settle()
        if (waiter === undefined) return
        heartbeat.touch()
        ask()
      })
    },
    cancel() {
      written = ''
      close(true)
      settle()
    },
  }
}

/** A caller's `onError` that can do no harm: an answer that failed must still get its end. */
function messageBy(onError: (error: unknown) => unknown): (error: unknown) => string | undefined {
  return (error) => {
    try {
      const returned = onError(error)
      if (typeof returned === 'string') return returned
      Promise.resolve(returned).catch(() => {})
    } catch {
      // The message is then our own.
    }
    return undefined
  }
}
