'use client'
import { useChat } from 'chatwire/react'

/** Asks one question, and shows what comes. */
export function Chat() {
  const { messages, error, send } = useChat({ url: '/api/chat' })
  return (
    <main>
      <button type="button" onClick={() => send('Who is there?')}>
        Ask
      </button>
      {messages
        .filter(({ role }) => role === 'assistant')
        .map(({ id, status, text }) => (
          <p key={id} data-status={status}>
            {text}
          </p>
        ))}
      {error && <p role="alert">{error.message}</p>}
    </main>
  )
}
