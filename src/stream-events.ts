import { type ChatSource, checkSource, isTarget, readSignal, tap } from './arguments.ts'
import { ChatError, isChatError } from './errors.ts'
import { MAX_EVENT_SIZE, parseSse, type SseEvent } from './framing/sse.ts'
import { decodeUtf8 } from './framing/utf8.ts'
import { readNumber } from './must.ts'
import type { EventsCursor, EventsInit, ReadEventsOptions } from './options.ts'
import { pipe, type Stage } from './stage.ts'
import { connectByRequest, limitsOf } from './transport/connector.ts'
import { DrivenStream } from './transport/driver.ts'
import { connectionLost } from './transport/failures.ts'
import { type Machine, plainMachine } from './transport/machine.ts'
import type { Position } from './transport/recovery.ts'
import { lastEventIdOf, prepareRequest } from './transport/request.ts'
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
 * which `EventSource` does not have. It reconnects only as `resume` says.
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
  const options: EventsInit = { ...(isTarget(input) ? init : input) }
  const fail = (error: ChatError): void => stream.fail(error)
  const machine = eventMachine(options, fail, options.resume !== undefined, lastEventIdOf(request))
  const connector = connectByRequest<EventsInit, EventsCursor, Chunk>({
    request,
    init: options,
    onResponse: tap('onResponse', options.onResponse, fail),
    async open(response, signal, { maxEventSize }) {
      const source = await openEventStream(response, signal)
      machine.connect(maxEventSize)
      return source
    },
    eventCount: machine.contentCount,
    position: machine.position,
    resume: options.resume,
    cursor: (attempt) => ({ lastEventId: machine.position().lastEventId, attempt }),
    restart() {},
  })
  const stream = new DrivenStream({ machine, ...connector })
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
  const stream = new DrivenStream<Chunk, SseEvent>({
    machine: eventMachine(options, (error) => stream.fail(error), false, ''),
    limits: limitsOf(options, readSignal(options.signal)),
    open: async (signal) =>
      isResponse ? openEventStream(source as Response, signal) : openBody(source as BodyStream),
    discard: () => discardSource(source),
  })
  return stream
}

async function openEventStream(response: Response, signal: AbortSignal): Promise<Source<Chunk>> {
  return openBody(await checkResponse(response, signal, 'event-stream'))
}

interface EventMachine extends Machine<Chunk, SseEvent> {
  /** A connection begins: an event that the one before cut off is gone. */
  connect(maxEventSize?: number): void
  position(): Position
}

/** The machine of a raw event stream: it passes failures on. */
function eventMachine(
  options: ReadEventsOptions,
  onFailure: (error: ChatError) => void,
  mayResume: boolean,
  lastEventId: string,
): EventMachine {
  const maxEventSize = readNumber('maxEventSize', options.maxEventSize, MAX_EVENT_SIZE)
  const onComment = tap('onComment', options.onComment, onFailure)
  const onReconnectionTime = tap('onReconnectionTime', options.onReconnectionTime, onFailure)
  const position: Position = { lastEventId }
  let eventCount = 0
  let decoder: Stage<Chunk, SseEvent>
  /** What happened if the body has ended: a failure only for who can go on after it. */
  const ended = new ChatError('truncated', 'The event stream ended.')

  function connect(size = maxEventSize): void {
    decoder = pipe(
      decodeUtf8(),
      parseSse({
        maxEventSize: size,
        lenientEnd: options.lenientEnd === true,
        lastEventId: position.lastEventId,
        onLastEventId(id) {
          position.lastEventId = id
        },
        onReconnectionTime(ms) {
          position.reconnectionMs = ms
          onReconnectionTime?.(ms)
        },
        ...(onComment && { onComment }),
      }),
    )
  }

  connect()
  return {
    ...plainMachine,
    connect,
    position: () => position,
    contentCount: () => eventCount,
    push(chunk, emit) {
      decoder.push(chunk, (event) => {
        eventCount++
        emit(event)
      })
    },
    end(emit) {
      decoder.end(emit)
      if (mayResume) throw ended
      return undefined
    },
    fail(failure) {
      if (failure === ended) return undefined
      return { error: isChatError(failure) ? failure : connectionLost(failure) }
    },
  }
}
