import { type ChatSource, isTarget } from './arguments.ts'
import { auto } from './formats/auto.ts'
import type { ChatInit, ReadOptions } from './options.ts'
import type { ChatStream } from './stream-chat.ts'
import * as core from './stream-chat.ts'

export * from './core.ts'

/**
 * Sends a chat request and yields the answer's events: content, at most one `error`, then exactly
 * one `done`, whatever happens. Iterating never throws.
 *
 * Takes all of `RequestInit` and the options of {@link ChatInit}. The wire format is told from the
 * first payload unless `format` names one. The request is sent by the first `next()`; leaving the
 * loop, `return()` or aborting `signal` closes the connection at once.
 *
 * @throws {TypeError} at once, if the arguments are wrong.
 * @example
 * for await (const event of streamChat({ url: '/api/chat', json: { messages } })) {
 *   if (event.type === 'text') output.append(event.text)
 *   if (event.type === 'error') showError(event.error.message)
 * }
 */
export function streamChat(init: ChatInit): ChatStream
export function streamChat(input: string | URL | Request, init?: ChatInit): ChatStream
export function streamChat(input: string | URL | Request | ChatInit, init?: ChatInit): ChatStream {
  if (isTarget(input)) return core.streamChat(input, withFormat(init))
  return core.streamChat(withFormat(input))
}

/**
 * Yields the events of an answer that is already there: a `Response`, which gets the same checks of
 * status and content type as one that {@link streamChat} fetched, a `ReadableStream` of bytes, or
 * any async iterable of bytes or strings.
 *
 * @throws {TypeError} at once, if the arguments are wrong.
 * @example
 * for await (const event of readChat(await fetch('/api/chat'))) console.log(event)
 */
export function readChat(source: ChatSource, options?: ReadOptions): ChatStream {
  return core.readChat(source, withFormat(options))
}

function withFormat<T extends ReadOptions>(options: T = {} as T): core.WithFormat<T> {
  return { ...options, format: options.format === undefined ? auto : options.format }
}
