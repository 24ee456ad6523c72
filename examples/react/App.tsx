// A whole chat: streams, stops, retries after an error, and follows the end for who reads there.
import type { ChatMessage } from 'chatwire/chat'
import { useChat } from 'chatwire/react'
import { memo, type ReactNode, type UIEvent, useLayoutEffect, useRef } from 'react'
import { toHtml } from './markdown.ts'

export function App(): ReactNode {
  const { messages, status, error, send, stop, regenerate } = useChat({ url: '/api/chat' })
  const log = useRef<HTMLDivElement>(null)
  const isFollowing = useRef(true)
  const isBusy = status === 'submitted' || status === 'streaming'

  // Before the browser paints, so that nobody sees the text without the scrolling.
  useLayoutEffect(() => {
    if (isFollowing.current) log.current?.scrollTo(0, log.current.scrollHeight)
  })

  function onScroll({ currentTarget: { scrollHeight, scrollTop, clientHeight } }: UIEvent): void {
    isFollowing.current = scrollHeight - scrollTop - clientHeight < 32
  }

  function submit(form: HTMLFormElement): void {
    isFollowing.current = true
    send(String(new FormData(form).get('question')))
    form.reset()
  }

  return (
    <main>
      <div
        role="log"
        aria-label="Conversation"
        aria-busy={isBusy}
        ref={log}
        onScroll={onScroll}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: who has only a keyboard scrolls it, too
        tabIndex={0}
      >
        {messages.map((message) => (
          <Message key={message.id} message={message} />
        ))}
      </div>
      <p role="status">{status === 'submitted' && 'Waiting for the answer …'}</p>
      {error && (
        <p role="alert">
          {error.message}{' '}
          <button type="button" onClick={() => regenerate()}>
            Try again
          </button>
        </p>
      )}
      <form
        onSubmit={(event) => {
          event.preventDefault()
          submit(event.currentTarget)
        }}
      >
        <input name="question" aria-label="Message" autoComplete="off" required />
        <button type="submit">Send</button>
        {/* Not `disabled`, which would take the focus away; without an answer it does nothing. */}
        <button type="button" onClick={stop} aria-disabled={!isBusy}>
          Stop
        </button>
      </form>
    </main>
  )
}

/** Messages that did not change are the same objects: `memo` renders the one that streams only. */
const Message = memo(function Message({ message }: { message: ChatMessage }): ReactNode {
  const { role, status, text } = message
  if (role === 'user') return <p data-role="user">{text}</p>
  return (
    <article
      data-role={role}
      data-status={status}
      // biome-ignore lint/security/noDangerouslySetInnerHtml: toHtml sanitises it
      dangerouslySetInnerHTML={{ __html: toHtml(text) }}
    />
  )
})
