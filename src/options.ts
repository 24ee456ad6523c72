import type { BufferSpec } from './buffer/text-buffer.ts'
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
   * Called with the response as soon as its headers are there, before they are checked. It must
   * leave the body alone; if it throws, the stream ends with an error of code `callback`.
   */
  onResponse?(response: Response): void
}

/**
 * A chat request: all of `RequestInit`, and how to read the answer. It is read once, at the call;
 * changing it later changes nothing.
 */
export interface ChatInit extends StreamInit, ReadOptions {}

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
export interface EventsInit extends Omit<StreamInit, 'timeout'>, ReadEventsOptions {}
