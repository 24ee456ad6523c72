import type { ChatMessage } from 'chatwire/chat'
import { useChat } from 'chatwire/react'
import {
  createElement as h,
  memo,
  type ReactNode,
  useLayoutEffect,
  useSyncExternalStore,
} from 'react'
import { flushSync } from 'react-dom'
import { createRoot } from 'react-dom/client'
import type { MountPane, PaneProps } from './pane.ts'
import { type Block, blocksOf, shownLength } from './view.ts'

/** A pane in React: `useChat` of `chatwire/react`. */
export const mountReact: MountPane = (element, props) => {
  // At once, so that the chat is there when the page goes on.
  flushSync(() => createRoot(element).render(h(ReactPane, props)))
}

function ReactPane({ options, connect }: PaneProps): ReactNode {
  const chat = useChat(useSyncExternalStore(options.subscribe, options.get))
  // biome-ignore lint/correctness/useExhaustiveDependencies: The functions of a chat never change.
  useLayoutEffect(() => connect(chat), [])
  const { messages, error } = chat
  return [
    ...messages.map((message) => h(Message, { key: message.id, message })),
    error && h('p', { key: 'failure', className: 'failure' }, error.message),
  ]
}

/** Messages that did not change are the same objects, so that only the last one is drawn again. */
const Message = memo(({ message }: { message: ChatMessage }) =>
  h(
    'article',
    { className: message.role, 'data-shown': shownLength(message) },
    blocksOf(message).map((block, index) => h(BlockView, { key: `${index} ${block.kind}`, block })),
  ),
)

function BlockView({ block }: { block: Block }): ReactNode {
  switch (block.kind) {
    case 'text':
      // biome-ignore lint/security/noDangerouslySetInnerHtml: Sanitised by `renderMarkdown`.
      return h('div', { className: 'text', dangerouslySetInnerHTML: { __html: block.html } })
    case 'reasoning':
      return h(
        'details',
        { className: 'reasoning' },
        h('summary', {}, block.summary),
        h('p', {}, block.text),
      )
    case 'tool':
      return h(
        'div',
        { className: 'tool' },
        h('code', {}, `${block.name}(${block.input})`),
        h('code', { className: 'output' }, block.output),
      )
    case 'source':
      return h('div', { className: 'source' }, h('a', { href: block.url }, block.title))
  }
}
