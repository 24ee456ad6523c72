import { type Chat, createChat } from 'chatwire/chat'
import { url } from '../transport/feed.ts'

/** The options of a chat that has begun. */
export const begun = {
  url,
  messages: ['Hi', { role: 'assistant', text: 'Hello <b>' }],
} as const

/** Such a chat, which counts the subscriptions it has. */
export function countedChat(chat: Chat = createChat(begun)): Chat & { subscriptions(): number } {
  let subscriptions = 0
  return {
    ...chat,
    subscriptions: () => subscriptions,
    subscribe(listener) {
      subscriptions += 1
      const unsubscribe = chat.subscribe(listener)
      return () => {
        subscriptions -= 1
        unsubscribe()
      }
    },
  }
}
