import { onDestroy } from 'svelte'
import { createSubscriber } from 'svelte/reactivity'
import * as stores from '../chat.ts'

/** A store of chatwire as Svelte reads it: by runes, `chat.messages`, or as a store, `$chat`. */
export type Reactive<T extends stores.Store<Snapshot>, Snapshot> = Omit<T, 'subscribe'> &
  Readonly<Snapshot> & {
    /** Calls `run` at once and after each change. */
    subscribe(run: (snapshot: Snapshot) => void): () => void
  }

/**
 * A chat: its functions, and its state, which effects and templates may read. Created within a
 * component its answer is stopped when that is destroyed; elsewhere by `stop()` alone. Give the
 * options as a function if they depend on reactive state; a request takes those of the moment.
 *
 * @example
 * const chat = createChat({ url: '/api/chat' })
 */
export function createChat(
  options: stores.OptionsSource<stores.ChatOptions>,
): Reactive<stores.Chat, stores.ChatSnapshot> {
  return stopOnDestroy(toReactive<stores.Chat, stores.ChatSnapshot>(stores.createChat(options)))
}

/** A single answer; else as {@link createChat}. */
export function createStream(
  options: stores.OptionsSource<stores.AnswerOptions>,
): Reactive<stores.AnswerStore, stores.AnswerSnapshot> {
  const store = stores.createStream(options)
  return stopOnDestroy(toReactive<stores.AnswerStore, stores.AnswerSnapshot>(store))
}

/** Makes a store that lives elsewhere readable for effects and templates. */
export function toReactive<T extends stores.Store<Snapshot>, Snapshot extends object>(
  store: T & stores.Store<Snapshot>,
): Reactive<T, Snapshot> {
  const track = createSubscriber((update) => store.subscribe(update))
  const reactive = {
    ...store,
    subscribe(run: (snapshot: Snapshot) => void): () => void {
      run(store.get())
      return store.subscribe(run)
    },
  }
  for (const key of Object.keys(store.get()) as (keyof Snapshot)[]) {
    Object.defineProperty(reactive, key, {
      enumerable: true,
      get() {
        track()
        return store.get()[key]
      },
    })
  }
  return reactive as unknown as Reactive<T, Snapshot>
}

/** Stops the store with the component that is being created, if one is. */
function stopOnDestroy<T extends { stop(): void }>(store: T): T {
  try {
    onDestroy(store.stop)
  } catch {
    // Svelte has no other way to ask: outside a component there is nothing to wait for.
  }
  return store
}
