import type { Notify } from 'chatwire/chat'
import { useChat } from 'chatwire/react'
import type { Conversation, Line } from './conversation.ts'

export function useFrames(url: string, history: Line[]): Conversation {
  return useChatwire(url, history, 'frame')
}

export function useThrottled(url: string, history: Line[]): Conversation {
  return useChatwire(url, history, { throttleMs: 50 })
}

function useChatwire(url: string, history: Line[], notify: Notify): Conversation {
  const { messages, send } = useChat({
    url,
    messages: history.map(({ id, role, text }) => ({ id, text, role: roleOf(role) })),
    notify,
  })
  return { lines: [...messages], ask: send }
}

const roleOf = (role: string) => (role === 'user' ? 'user' : 'assistant')
