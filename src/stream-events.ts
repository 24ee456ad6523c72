import {
  type ChatSource,
  checkSource,
  isTarget,
  readReadAhead,
  readSignal,
  readTimeout,
  tap,
} from './arguments.ts'
import { isChatError } from './errors.ts'
import {
  createSseDecoder,
  MAX_EVENT_SIZE,
  type SseDecoderOptions,
  type SseEvent,
} from './framing/sse.ts'
import { readNumber } from './must.ts'
import type { EventsInit, ReadEventsOptions } from './options.ts'
import { DrivenStream } from './transport/driver.ts'
import { connectionLost } from './transport/failures.ts'
import type { Machine } from './transport/machine.ts'
import { prepareRequest, sendRequest } from './transport/request.ts'
import { checkResponse } from './transport/response.ts'
import { type BodyStream, discardSource, openBody, type Source } from './transport/source.ts'

type Chunk = Uint8Array | string

/**
 * The events of one event stream. It throws: a `ChatError` on failure, the signal's reason on abort.
 * The end of the body is its end. Consumed once; leaving it closes the connection at once.
 */
export type EventStream = AsyncGenerator<SseEvent, void, undefined>

/**
 * Requests an event stream from any server: with any method, headers and body, abort and timeouts,
 * which `EventSource` does not have. It does not reconnect.
 *
 * The request is sent by the first `next()`. Iteration throws a `ChatError` of code `http`,
 * `content-type` (anything but text/event-stream), `network`, `timeout`, `too-large` or `callback`.
 *
 * @throws {TypeError} at once, if the arguments are wrong.
 * @example
 * for await (const { type, data } of streamEvents({ url: '/events' })) console.log(type, data)
 */
export function streamEvents(init: EventsInit): EventStream
export function streamEvents(input: string | URL | Request, init?: EventsInit): EventStream
export function streamEvents(
  input: string | URL | Request | EventsInit,
  init?: EventsInit,
): EventStream {
  const request = prepareRequest(input, init)
  const options = isTarget(input) ? (init ?? {}) : input
  const { response: responseMs } = readTimeout(options.timeout)
  const onResponse = tap('onResponse', options.onResponse, (error) => stream.fail(error))
  const stream = driveEvents(options, request.signal, async (signal) => {
    const response = await sendRequest(request, responseMs, signal, onResponse)
    return openEventStream(response, signal)
  })
  return stream
}

/**
 * Reads an event stream that is already there. A `Response` gets the same checks as one that
 * {@link streamEvents} fetched; a bare stream or iterable has nothing to check.
 *
 * @throws {TypeError} at once, if the arguments are wrong.
 */
export function readEvents(source: ChatSource, options: ReadEventsOptions = {}): EventStream {
  const isResponse = checkSource(source)
  const open = async (signal: AbortSignal): Promise<Source<Chunk>> =>
    isResponse ? openEventStream(source as Response, signal) : openBody(source as BodyStream)
  return driveEvents(options, readSignal(options.signal), open, () => discardSource(source))
}

async function openEventStream(response: Response, signal: AbortSignal): Promise<Source<Chunk>> {
  return openBody(await checkResponse(response, signal, 'event-stream'))
}

function driveEvents(
  options: ReadEventsOptions,
  signal: AbortSignal | undefined,
  open: (signal: AbortSignal) => Promise<Source<Chunk>>,
  discard?: () => void,
): DrivenStream<Chunk, SseEvent> {
  const { idle: idleMs } = readTimeout(options.timeout)
  const fail = (error: unknown): void => stream.fail(error)
  const onComment = tap('onComment', options.onComment, fail)
  const onReconnectionTime = tap('onReconnectionTime', options.onReconnectionTime, fail)
  const stream = new DrivenStream({
    machine: eventMachine({
      maxEventSize: readNumber('maxEventSize', options.maxEventSize, MAX_EVENT_SIZE),
      lenientEnd: options.lenientEnd === true,
      ...(onComment && { onComment }),
      ...(onReconnectionTime && { onReconnectionTime }),
    }),
    open,
    discard,
    signal,
    readAheadBytes: readReadAhead(options.readAheadBytes),
    idleMs,
  })
  return stream
}

/** The machine of a raw event stream: it passes failures on. */
function eventMachine(options: SseDecoderOptions): Machine<Chunk, SseEvent> {
  const decoder = createSseDecoder(options)
  return {
    contentCount: () => 0,
    isHolding: () => false,
    isOver: () => false,
    begin() {},
    push: decoder.push,
    end(emit) {
      decoder.end(emit)
      return undefined
    },
    fail: (failure) => ({ error: isChatError(failure) ? failure : connectionLost(failure) }),
    abort: (reason) => ({ error: reason }),
    merge: () => false,
    release() {},
  }
}
