// Type-checked only, with React, Vue and Svelte at hand.
import type { Chat, ChatSnapshot, ChatStatus } from 'chatwire/chat'
import { useChat as useReactChat } from 'chatwire/react'
import { createChat } from 'chatwire/svelte'
import { useChat as useVueChat } from 'chatwire/vue'

const options = { url: '/api/chat' }

export function useBoth(): [Chat & ChatSnapshot, ChatStatus] {
  return [useReactChat(options), useVueChat(options).status.value]
}

export function svelteStatus(): ChatStatus {
  return createChat(options).status
}

// @ts-expect-error: what is sent is not a number.
createChat(options).send(1)
