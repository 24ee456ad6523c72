import { useChat } from '@ai-sdk/react'
import { DefaultChatTransport } from 'ai'
import type { Conversation, Line } from './conversation.ts'

export function useAiSdk(url: string, history: Line[]): Conversation {
  return useAiSdkChat(url, history, undefined)
}

export function useThrottledAiSdk(url: string, history: Line[]): Conversation {
  return useAiSdkChat(url, history, 50)
}

function useAiSdkChat(url: string, history: Line[], throttle: number | undefined): Conversation {
  const { messages, sendMessage } = useChat({
    messages: history.map(({ id, role, text }) => ({ id, role, parts: [{ type: 'text', text }] })),
    transport: new DefaultChatTransport({ api: url }),
    throttle,
  })
  return {
    lines: messages.map(({ id, role, parts }) => ({
      id,
      role,
      text: parts.map((part) => part.text ?? '').join(''),
    })),
    ask: (text) => sendMessage({ text }),
  }
}
