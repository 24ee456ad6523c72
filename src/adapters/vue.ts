import {
  type ComputedRef,
  computed,
  getCurrentScope,
  type MaybeRefOrGetter,
  onScopeDispose,
  type ShallowRef,
  shallowRef,
  toValue,
} from 'vue'
import {
  type AnswerOptions,
  type AnswerSnapshot,
  type AnswerStore,
  type Chat,
  type ChatOptions,
  type ChatSnapshot,
  createChat,
  createStream,
  type Store,
} from '../chat.ts'

/** A snapshot with a ref for each of its keys. */
export type Refs<Snapshot> = { readonly [Key in keyof Snapshot]: ComputedRef<Snapshot[Key]> }

/**
 * A chat that belongs to the component, or to the effect scope: its functions, and a ref for each
 * key of its state. Options may be a ref or a getter; a request takes those of the moment. The
 * answer is stopped when the scope is disposed of.
 *
 * @example
 * const { messages, status, send, stop } = useChat({ url: '/api/chat' })
 */
export function useChat(options: MaybeRefOrGetter<ChatOptions>): Chat & Refs<ChatSnapshot> {
  return useStore<ChatOptions, ChatSnapshot, Chat>(createChat, options)
}

/** A single answer that belongs to the component; else as {@link useChat}. */
export function useStream(
  options: MaybeRefOrGetter<AnswerOptions>,
): AnswerStore & Refs<AnswerSnapshot> {
  return useStore<AnswerOptions, AnswerSnapshot, AnswerStore>(createStream, options)
}

/**
 * What {@link useChat} does, for any function that creates a store: `createChat` of
 * `chatwire/chat/core`, which brings no formats with it, for example.
 */
export function useStore<Options, Snapshot extends object, T extends Store<Snapshot>>(
  create: (options: () => Options) => T & Store<Snapshot>,
  options: MaybeRefOrGetter<Options>,
): T & Refs<Snapshot> {
  const store = create(() => toValue(options))
  // Before the subscription ends, so that the refs tell of it.
  if (getCurrentScope()) onScopeDispose(store.stop)
  const snapshot = useSnapshot(store)
  const keys = Object.keys(snapshot.value) as (keyof Snapshot)[]
  const refs = keys.map((key) => [key, computed(() => snapshot.value[key])])
  return { ...store, ...(Object.fromEntries(refs) as Refs<Snapshot>) }
}

/** The state of a store that lives elsewhere: shared by components, or made in a module. */
export function useSnapshot<Snapshot>(store: Store<Snapshot>): Readonly<ShallowRef<Snapshot>> {
  const snapshot = shallowRef(store.get())
  // A server renders once, and disposes of no scope: a subscription would stay with a shared store.
  if (typeof window !== 'undefined') {
    const unsubscribe = store.subscribe((next) => {
      snapshot.value = next
    })
    if (getCurrentScope()) onScopeDispose(unsubscribe)
  }
  return snapshot
}
