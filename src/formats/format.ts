import type { AnswerFacts, ChatErrorEvent, ContentEvent } from '../chat-event.ts'
import type { SseEvent } from '../framing/sse.ts'
import type { Stage } from '../stage.ts'

/**
 * What a decoder hands on: the answer's content, facts about the answer as a whole, and `complete`
 * once the format's end marker was seen, after which nothing more is read. A string is text of the
 * answer: nearly all events are, and an object for each shows in the benchmark.
 */
export type WireEvent =
  | string
  | ContentEvent
  | ChatErrorEvent
  | ({ type: 'facts' } & AnswerFacts)
  | { type: 'complete' }

/** Takes what a decoder hands on. */
export type Emit = (event: WireEvent) => void

/** The state of one answer in one wire format: frames in, events out. Pure, no I/O. */
export interface WireDecoder extends Stage<SseEvent, WireEvent> {
  /** @param payload - The frame's JSON, if the caller has parsed it already. */
  push(frame: SseEvent, emit: Emit, payload?: unknown): void
  /**
   * Whether every complete answer in this format shows its end. If so, a body that just ends is
   * `truncated`; if not, its finish reason is `'unknown'`.
   */
  marksEnd(): boolean
  /**
   * Takes a piece of a body that is text without frames, cut anywhere. A format without this method
   * does not come as bare text: such a body is an error of code `content-type`.
   */
  pushText?(text: string, emit: Emit): void
}

/** A wire format: how one family of servers writes an answer into frames. */
export interface WireFormat {
  /** For messages and debugging. */
  readonly name: string
  /** Starts the decoding of one answer. */
  decoder(): WireDecoder
  /** Set if a body that is no event stream by its content type is text, whatever it looks like. */
  readonly rawBody?: true
}
