import type { Chat, ChatOptions } from 'chatwire/chat'

/** What the page does with the chat of a pane, whatever framework it lives in. */
export type PaneChat = Pick<
  Chat,
  'get' | 'subscribe' | 'send' | 'stop' | 'regenerate' | 'clear' | 'addToolResult'
>

/** Options that change with the controls of the page. */
export interface LiveOptions {
  /** The options of the moment: the same object until a control changes. */
  get(): ChatOptions
  subscribe(listener: () => void): () => void
}

/** What each framework's component is given. */
export interface PaneProps {
  options: LiveOptions
  /** Called once, with the chat that the component made. */
  connect(chat: PaneChat): void
}

/** Puts a pane into an element. */
export type MountPane = (element: HTMLElement, props: PaneProps) => void
