import * as core from './chat-core.ts'
import { auto } from './formats/auto.ts'
import type { ReadOptions } from './options.ts'
import type { WithFormat } from './stream-chat.ts'

export * from './chat-core.ts'

/**
 * Creates the state of a chat, for any frontend or none: its messages, and what becomes of the
 * answer that is on its way.
 *
 * The wire format is told from the first payload unless `format` names one. Nothing is sent, and no
 * timer is set, before an answer is asked for.
 *
 * @param options - See {@link core.ChatOptions}; or a function that returns them, which is called
 * for each request.
 * @throws {TypeError} at once, if there is neither `url` nor `request`.
 * @example
 * const chat = createChat({ url: '/api/chat' })
 * chat.subscribe(({ messages, status }) => render(messages, status))
 * await chat.send('Hello!')
 */
export function createChat(options: core.OptionsSource<core.ChatOptions>): core.Chat {
  return core.createChat(withFormat(options))
}

/**
 * Creates the state of a single answer, where there is no conversation. Else it is as
 * {@link createChat}.
 *
 * @example
 * const answer = createStream({ url: '/api/summary' })
 * answer.subscribe(({ text }) => render(text))
 * await answer.start({ json: { document } })
 */
export function createStream(options: core.OptionsSource<core.AnswerOptions>): core.AnswerStore {
  return core.createStream(withFormat(options))
}

function withFormat<T extends ReadOptions>(source: core.OptionsSource<T>): () => WithFormat<T> {
  return () => {
    const options = typeof source === 'function' ? source() : source
    return { ...options, format: options.format ?? auto }
  }
}
