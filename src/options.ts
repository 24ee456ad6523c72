import type { BufferSpec } from './buffer/text-buffer.ts'
import type { ChatResult } from './chat-event.ts'
import type { WireFormat } from './formats/format.ts'
import type { SseEvent } from './framing/sse.ts'

/** How long the stages of a request may take, in milliseconds. 0 and `Infinity` turn a clock off. */
export interface TimeoutOptions {
  /** Until the response's headers. Default 300 000. */
  response?: number
  /** Between two reads of the body: no byte at all, not even a keepalive. Default 300 000. */
  idle?: number
  /**
   * Between two events with content (text, reasoning, tool, data, …), however many keepalives come.
   * Default off.
   */
  content?: number
}

/** When and how often a request is sent again. */
export interface RetryOptions {
  /** How many times the request may be sent again. */
  retries: number
  /**
   * The most that the first wait may take, in milliseconds; it doubles with each retry. Default 500.
   * How long a wait really is, is random, so that clients do not all come back at once.
   */
  minDelayMs?: number
  /**
   * The longest wait, in milliseconds. Default 30 000. If the server asks for a longer one with
   * `Retry-After`, the request is not sent again.
   */
  maxDelayMs?: number
}

/** Where a raw event stream stood when its connection was lost. */
export interface EventsCursor {
  /** The last event ID of the stream; `''` if it gave none. It is sent as `Last-Event-ID`. */
  lastEventId: string
  /** Which attempt at going on this is since the last event: 1, 2, … */
  attempt: number
}

/** Where an answer stood when its connection was lost. */
export interface ChatCursor extends EventsCursor {
  /** What arrived so far. */
  result: ChatResult
}

/** What both layers, chat and raw events, need to know about a body. */
interface BodyOptions {
  /**
   * Stops the stream. An abort is no error: the chat stream ends with a `done` event whose finish
   * reason is `'aborted'`. `AbortSignal.timeout()` running out is an error of code `timeout`.
   */
  signal?: AbortSignal | null
  /** See {@link TimeoutOptions}. */
  timeout?: TimeoutOptions
  /** How much one unfinished event may hold, in UTF-16 code units. Default 64 Mi. */
  maxEventSize?: number
  /**
   * How far the body is read ahead of the consumer, in bytes. Default 1 MiB; 0 reads only while the
   * consumer waits. What was read survives a lost connection.
   */
  readAheadBytes?: number
}

/** Options of `readChat`: those of {@link ChatInit} that make sense once there is a body. */
export interface ReadOptions extends BodyOptions {
  /**
   * The wire format. Default: told from the first payload. In `chatwire/core` it is required.
   */
  format?: WireFormat
  /** How text is held back for rendering: see {@link BufferSpec}. Default: not at all. */
  buffer?: BufferSpec
  /**
   * Whether a body that ends without an end marker is `truncated` also where the format has no
   * fixed marker. Default `false`: such an answer ends with the finish reason `'unknown'`.
   */
  requireEnd?: boolean
  /**
   * Called with every frame as it came over the wire, keepalives included; a comment comes as a
   * frame of type `'comment'`. It cannot change the stream; if it throws, the stream ends with an
   * error of code `callback`.
   */
  onFrame?(frame: SseEvent): void
}

/** What a request needs beside `RequestInit`. */
export interface StreamInit extends Omit<RequestInit, 'signal'>, BodyOptions {
  /** Where the request goes: required in the one-argument form. */
  url?: string | URL | Request
  /**
   * A JSON value to send: becomes the body, sets the content type, and the method to POST unless
   * one is given.
   */
  json?: unknown
  /** The fetch to call. Default: the global one, looked up when the request is sent. */
  fetch?: typeof fetch
  /**
   * How many times the request may be sent again, or {@link RetryOptions}. Default 0, because a
   * request may cost money or act twice. It is only sent again before the first event of the answer,
   * after a lost connection, the status 408, 425, 429 or 5xx, or when `timeout.response` ran out.
   */
  retry?: number | RetryOptions
  /**
   * Called with the response as soon as its headers are there, before they are checked. It must
   * leave the body alone; if it throws, the stream ends with an error of code `callback`. With
   * `retry` and `resume` it is called for each response.
   */
  onResponse?(response: Response): void
}

/**
 * A chat request: all of `RequestInit`, and how to read the answer. It is read once, at the call;
 * changing it later changes nothing.
 */
export interface ChatInit extends StreamInit, ReadOptions {
  /**
   * How to go on after a lost connection, a body that was cut off, or `timeout.idle`: returns the
   * request that continues the answer, or `undefined` to give up. What arrived is kept, and the text
   * goes on where it stopped. `signal`, `fetch`, the timeouts and the limits carry over unless the
   * returned request has its own; `Last-Event-ID` is added unless it has one.
   *
   * The request is sent after the reconnection time that the server asked for (`retry:`; 100 ms to
   * 60 s), by default 1 s, and after a longer time with each attempt that brought nothing.
   */
  resume?(cursor: ChatCursor): ChatInit | undefined
}

/** Options of `readEvents`. */
export interface ReadEventsOptions extends Omit<BodyOptions, 'timeout'> {
  /** As for a chat, but without `content`: here nothing is known about content. */
  timeout?: Omit<TimeoutOptions, 'content'>
  /** Whether an event that the end of the body cuts off is handed on. Default `false`. */
  lenientEnd?: boolean
  /** Called with the text of each comment. */
  onComment?(text: string): void
  /** Called with each valid `retry` value, in milliseconds. */
  onReconnectionTime?(ms: number): void
}

/** A request for an event stream: all of `RequestInit`, and how to read the stream. */
export interface EventsInit extends Omit<StreamInit, 'timeout'>, ReadEventsOptions {
  /**
   * How to go on after a lost connection, `timeout.idle` or the end of the body, as `EventSource`
   * does: returns the next request, or `undefined` to give up. Otherwise as for a chat request.
   */
  resume?(cursor: EventsCursor): EventsInit | undefined
}
