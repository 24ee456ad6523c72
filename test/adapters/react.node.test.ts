import type { Chat } from 'chatwire/chat'
import { useChat, useSnapshot, useStream } from 'chatwire/react'
import { createElement as h } from 'react'
import { renderToString } from 'react-dom/server'
import { expect, test } from 'vitest'
import { url } from '../transport/feed.ts'
import { begun, countedChat } from './counted.ts'

function Own() {
  const { messages, status } = useChat(begun)
  const answer = useStream({ url })
  return h('p', null, `${status}: ${messages.at(-1)?.text}${answer.text}`)
}

function Shared({ chat }: { chat: Chat }) {
  return h('p', null, useSnapshot(chat).messages.at(-1)?.text)
}

test('a server renders the first state', () => {
  expect(renderToString(h(Own))).toBe('<p>idle: Hello &lt;b&gt;</p>')
})

test('a server renders a shared chat as it was at first, and subscribes to nothing', () => {
  const chat = countedChat()
  chat.clear()
  expect(renderToString(h(Shared, { chat }))).toBe('<p>Hello &lt;b&gt;</p>')
  expect(chat.subscriptions()).toBe(0)
})
