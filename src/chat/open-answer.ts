import type { BufferSpec } from '../buffer/text-buffer.ts'
import { type ChatStream, streamChat, type WithFormat } from '../stream-chat.ts'
import type { ChatMessage } from './message.ts'
import type { ChatOptions } from './options.ts'

/** The stream of one answer, and how its text is to be held back: that is done by the store. */
export interface OpenedAnswer {
  stream: ChatStream
  buffer: BufferSpec | undefined
}

/** Opens the stream of one answer. Nothing is sent before its first `next()`. */
export async function openAnswer(
  options: WithFormat<ChatOptions>,
  messages: readonly ChatMessage[],
): Promise<OpenedAnswer> {
  const {
    messages: _1,
    request: makeRequest,
    notify: _2,
    pace: _3,
    sendToolResults: _4,
    generateId: _5,
    onData: _6,
    onFinish: _7,
    onError: _8,
    ...init
  } = options
  const made = makeRequest ? await makeRequest(messages) : { json: { messages } }
  if (Symbol.asyncIterator in made) return { stream: made, buffer: init.buffer }
  const { buffer, ...request } = { ...init, ...made }
  return { stream: streamChat(request), buffer }
}
