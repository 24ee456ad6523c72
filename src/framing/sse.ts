import { createParser } from 'eventsource-parser'
import { ChatError } from '../errors.ts'
import { readNumber } from '../must.ts'
import { pipe, type Stage } from '../stage.ts'
import { measureEvents } from './event-size.ts'
import { decodeUtf8 } from './utf8.ts'

/**
 * One event of an event stream, like the DOM's `MessageEvent`.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#dispatchMessage
 */
export interface SseEvent {
  /** The event's name; `'message'` unless the server gave one. */
  type: string
  /** The data lines, joined by U+000A. */
  data: string
  /** The last id the stream gave, in this event or before; `''` if none so far. */
  lastEventId: string
}

/** The default of `maxEventSize`: 64 Mi UTF-16 code units. */
export const MAX_EVENT_SIZE: number = 64 * 1024 * 1024

/** Options of {@link createSseDecoder}. */
export interface SseDecoderOptions {
  /**
   * How much one unfinished event may hold, in UTF-16 code units: its current line plus the values
   * of data, event and id so far. Default 64 Mi. Beyond it `push` throws a `ChatError` of code
   * `too-large`, after the events before it.
   */
  maxEventSize?: number
  /**
   * Whether an event that the end of the stream cuts off is handed on by `end`. Default `false`, as
   * the spec has it: such an event is discarded.
   */
  lenientEnd?: boolean
  /** Called with the text of each comment, without the colon and one leading space. */
  onComment?(text: string): void
  /** Called with each valid `retry` value, in milliseconds; at most `Number.MAX_SAFE_INTEGER`. */
  onReconnectionTime?(ms: number): void
}

/**
 * Decodes an event stream: bytes or text in, cut anywhere, events out, exactly as the spec says.
 *
 * @throws {ChatError} from `push`, code `too-large`, if an event exceeds `maxEventSize`.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export function createSseDecoder(
  options: SseDecoderOptions = {},
): Stage<Uint8Array | string, SseEvent> {
  readNumber('maxEventSize', options.maxEventSize, MAX_EVENT_SIZE)
  return pipe(decodeUtf8(), parseSse(options))
}

/** Options of {@link parseSse}. */
export interface SseParserOptions extends SseDecoderOptions {
  /** The last event ID of the connection that this one goes on from. */
  lastEventId?: string
  /** Called with each id, also with that of a block without data, which is no event. */
  onLastEventId?(id: string): void
}

/** The decoder's second half: text, free of its byte order mark, → events. */
export function parseSse(options: SseParserOptions): Stage<string, SseEvent> {
  const { maxEventSize = MAX_EVENT_SIZE, onComment, onReconnectionTime } = options
  const size = measureEvents(maxEventSize)
  let emit: (event: SseEvent) => void
  let { lastEventId = '' } = options
  let isTooLarge = false
  /** Whether an event ended in the text that is being fed. */
  let hasEnded = false

  const parser = createParser({
    onEvent({ event = 'message', data }) {
      hasEnded = true
      emit({ type: event, data, lastEventId })
    },
    onId(id) {
      lastEventId = id
      options.onLastEventId?.(id)
    },
    onComment,
    // A long run of digits parses to Infinity, which no timer takes.
    onRetry: (ms) => onReconnectionTime?.(Math.min(ms, Number.MAX_SAFE_INTEGER)),
  })
  // A blank line, so that the parser's own search for a byte order mark is over: it would take the
  // letters U+00EF U+00BB U+00BF for one, and `decodeUtf8` has already dropped the real one.
  parser.feed('\n')

  return {
    push(text, onEvent) {
      emit = onEvent
      const excess = isTooLarge ? 0 : size.add(text)
      if (excess === -1) {
        hasEnded = false
        parser.feed(text)
        if (hasEnded) size.ended(text)
        return
      }
      isTooLarge = true
      parser.feed(text.slice(0, excess))
      throw tooLargeError(maxEventSize)
    },
    end(onEvent) {
      emit = onEvent
      // The parser's `reset({ consume: true })` does not dispatch; an end of line and a blank line do.
      if (options.lenientEnd) parser.feed('\n\n')
    },
  }
}

export function tooLargeError(limit: number): ChatError {
  return new ChatError(
    'too-large',
    `One event of the stream is larger than ${limit} characters. Raise maxEventSize if such events are expected.`,
    { limit },
  )
}
