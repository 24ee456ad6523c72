import { useChat, useSnapshot, useStream } from 'chatwire/vue'
import { expect, test } from 'vitest'
import { createSSRApp, defineComponent, h } from 'vue'
import { renderToString } from 'vue/server-renderer'
import { url } from '../transport/feed.ts'
import { begun, countedChat } from './counted.ts'

test('a server renders the first state', async () => {
  const own = defineComponent(() => {
    const { messages, status } = useChat(begun)
    const answer = useStream({ url })
    return () => h('p', `${status.value}: ${messages.value.at(-1)?.text}${answer.text.value}`)
  })
  expect(await renderToString(createSSRApp(own))).toBe('<p>idle: Hello &lt;b&gt;</p>')
})

test('a server renders a shared chat, and subscribes to nothing', async () => {
  const chat = countedChat()
  const shared = defineComponent(() => {
    const snapshot = useSnapshot(chat)
    return () => h('p', snapshot.value.messages.at(-1)?.text)
  })
  expect(await renderToString(createSSRApp(shared))).toBe('<p>Hello &lt;b&gt;</p>')
  expect(chat.subscriptions()).toBe(0)
})
