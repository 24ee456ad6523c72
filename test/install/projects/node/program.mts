// Type-checked and run: a program that knows of no framework, and of no types of Node.
import {
  type ChatError,
  type ChatEvent,
  collect,
  isChatError,
  readChat,
  streamChat,
} from 'chatwire'
import { createChat } from 'chatwire/chat'
import { createChat as createChatOfOneFormat } from 'chatwire/chat/core'
import { streamChat as streamOneFormat } from 'chatwire/core'
import { openaiChat, select } from 'chatwire/formats'
import { chatResponse } from 'chatwire/server'

declare const process: { argv: string[] }

const [, , url = ''] = process.argv
const format = openaiChat

const answers: AsyncIterable<ChatEvent>[] = [
  streamChat({ url, json: {} }),
  streamOneFormat({ url, json: {}, format, buffer: 'word' }),
  readChat(chatResponse(streamChat({ url, json: {} }))),
]
for (const answer of answers) {
  const { text, finishReason } = await collect(answer)
  console.log(`${finishReason}: ${text}`)
}

for (const chat of [createChat({ url }), createChatOfOneFormat({ url, format })]) {
  await chat.send('Who is there?')
  const { messages, status } = chat.get()
  console.log(`${status}: ${messages.at(-1)?.text}`)
}

try {
  const cut = new Response('data: {}\n\n', { headers: { 'content-type': 'text/event-stream' } })
  await collect(readChat(cut, { format: select(() => 'Hi'), requireEnd: true }))
} catch (error) {
  if (!isChatError(error)) throw error
  const { code, result }: ChatError = error
  console.log(`${code}: ${result?.text}`)
}

// @ts-expect-error: there is no such buffer, and the types say so.
export const wrong = (): unknown => streamChat({ url, buffer: 'paragraph' })
