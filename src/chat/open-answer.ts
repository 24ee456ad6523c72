import { type ChatStream, streamChat, type WithFormat } from '../stream-chat.ts'
import type { ChatMessage } from './message.ts'
import type { ChatOptions } from './options.ts'

/** Opens the stream of one answer. Nothing is sent before its first `next()`. */
export async function openAnswer(
  options: WithFormat<ChatOptions>,
  messages: readonly ChatMessage[],
): Promise<ChatStream> {
  const {
    messages: _1,
    request,
    notify: _2,
    pace: _3,
    sendToolResults: _4,
    generateId: _5,
    onData: _6,
    onFinish: _7,
    onError: _8,
    ...init
  } = options
  const made = request ? await request(messages) : { json: { messages } }
  return Symbol.asyncIterator in made ? made : streamChat({ ...init, ...made })
}

/** Closes a stream. There is nothing to wait for, and what it throws here is nobody's concern. */
export function leave(stream: ChatStream | undefined): void {
  stream?.return().catch(() => {})
}
