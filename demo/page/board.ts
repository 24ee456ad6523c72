import { awaitedToolCalls, type ChatOptions } from 'chatwire/chat'
import { type Traced, traceChat } from './inspector/tap.ts'
import { charsOf } from './inspector/trace.ts'
import { mountDom } from './panes/dom.ts'
import type { MountPane, PaneChat } from './panes/pane.ts'
import { mountReact } from './panes/react.ts'
import { mountSvelte } from './panes/svelte.ts'
import { mountVue } from './panes/vue.ts'
import { newRun, requestOf } from './run.ts'
import { getSettings, subscribeToSettings } from './settings.ts'

export const frontends: readonly { id: string; name: string; entry: string; mount: MountPane }[] = [
  { id: 'dom', name: 'Plain DOM', entry: 'chatwire/chat', mount: mountDom },
  { id: 'react', name: 'React', entry: 'chatwire/react', mount: mountReact },
  { id: 'vue', name: 'Vue', entry: 'chatwire/vue', mount: mountVue },
  { id: 'svelte', name: 'Svelte', entry: 'chatwire/svelte', mount: mountSvelte },
]

/** One of the four chats. */
export interface Pane {
  readonly id: string
  readonly element: HTMLElement
  chat(): PaneChat
  /** What was seen of its last request. */
  traced(): Traced | undefined
  /** Forgets what was seen: another request is about to be made. */
  forget(): void
}

/** All panes ask for the same: this is what. */
export const current = { run: newRun() }

/**
 * Mounts a frontend into an element.
 *
 * @param onChange - Called when the chat or its drawing changed.
 */
export function createPane(
  { id, mount }: (typeof frontends)[number],
  element: HTMLElement,
  onChange: () => void,
): Pane {
  let chat: PaneChat | undefined
  let traced: Traced | undefined
  /** How many messages there were before the answer. */
  let before = 0

  function connected(): PaneChat {
    if (chat === undefined) throw new Error(`The pane ${id} has not made its chat.`)
    return chat
  }

  function makeOptions(): ChatOptions {
    const settings = getSettings()
    return {
      request(messages) {
        before = messages.length
        traced = traceChat(requestOf(current.run, settings, messages), settings.buffer)
        return traced.stream
      },
      ...(settings.pace && { pace: { unit: settings.pace } }),
      onFinish(message) {
        for (const call of awaitedToolCalls(message)) {
          connected().addToolResult({ id: call.id, output: { degrees: 14, sky: 'clear' } })
        }
      },
      sendToolResults: true,
    }
  }

  let options = makeOptions()
  subscribeToSettings(() => {
    options = makeOptions()
  })
  observe(element, () => {
    const articles = element.querySelectorAll<HTMLElement>('article')
    const chars = Number(articles[articles.length - 1]?.dataset['shown'])
    if (traced && articles.length > before && chars !== charsOf(traced.trace.painted)) {
      traced.trace.painted.push({ at: traced.now(), chars })
    }
    onChange()
  })
  mount(element, {
    options: {
      get: () => options,
      subscribe: subscribeToSettings,
    },
    connect(made) {
      chat = made
      made.subscribe(onChange)
    },
  })
  return {
    id,
    element,
    chat: connected,
    traced: () => traced,
    forget() {
      traced = undefined
    },
  }
}

/** Calls back after each change of what an element shows, and keeps its end in view. */
function observe(element: HTMLElement, onChange: () => void): void {
  let isAtEnd = true
  element.addEventListener('scroll', () => {
    isAtEnd = element.scrollHeight - element.scrollTop - element.clientHeight < 40
  })
  new MutationObserver(() => {
    onChange()
    if (isAtEnd) element.scrollTop = element.scrollHeight
  }).observe(element, { subtree: true, childList: true, characterData: true, attributes: true })
}
