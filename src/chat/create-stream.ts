import type { ChatError } from '../errors.ts'
import type { ChatInit } from '../options.ts'
import type { WithFormat } from '../stream-chat.ts'
import { createChat } from './create-chat.ts'
import type { ChatMessage } from './message.ts'
import type { ChatStatus, OptionsSource, Store, StoreOptions } from './options.ts'

/** The options of every request, and what the store does beside. */
export interface AnswerOptions extends ChatInit, StoreOptions {}

/** The state of a single answer. Nothing in it ever changes. */
export interface AnswerSnapshot {
  /** The text so far. */
  readonly text: string
  /** The answer with all its parts; `undefined` until something arrived. */
  readonly message: ChatMessage | undefined
  readonly status: ChatStatus
  /** Why the answer failed; `undefined` unless `status` is `'error'`. */
  readonly error: ChatError | undefined
}

/** A single answer, where there is no conversation: a completion, a summary. */
export interface AnswerStore extends Store<AnswerSnapshot> {
  /**
   * Asks for an answer, which takes the place of the last one; that is stopped if it is still on its
   * way. The promise resolves when the answer is over, however it ended, and never rejects.
   *
   * @param init - Added to the options for this request: the body, for example.
   */
  start(init?: ChatInit): Promise<void>
}

/** Creates the store of a single answer; the format is required. See `chatwire/chat`. */
export function createStream(source: OptionsSource<WithFormat<AnswerOptions>>): AnswerStore {
  const read = typeof source === 'function' ? source : () => source
  let extra: ChatInit = {}
  const chat = createChat(() => ({ ...read(), request: () => extra }))
  let seen = chat.get()
  let snapshot: AnswerSnapshot = {
    text: '',
    message: undefined,
    status: 'idle',
    error: undefined,
  }
  const initial = snapshot

  function get(): AnswerSnapshot {
    const { messages, status, error } = chat.get()
    if (seen === chat.get()) return snapshot
    seen = chat.get()
    const message = messages.at(-1)
    snapshot = { text: message?.text ?? '', message, status, error }
    return snapshot
  }

  return {
    get,
    getInitial: () => initial,
    subscribe: (listener) => chat.subscribe(() => listener(get())),
    stop: chat.stop,
    start(init = {}) {
      extra = init
      return chat.regenerate()
    },
  }
}
