import {
  useEffect,
  useInsertionEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react'
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

/**
 * A chat that belongs to the component: its state and its functions, which stay the same. The
 * options may change at every render; a request takes those of the last one. The answer is stopped
 * when the component is unmounted.
 *
 * @example
 * const { messages, status, send, stop } = useChat({ url: '/api/chat' })
 */
export function useChat(options: ChatOptions): Chat & ChatSnapshot {
  return useStore<ChatOptions, ChatSnapshot, Chat>(createChat, options)
}

/** A single answer that belongs to the component; else as {@link useChat}. */
export function useStream(options: AnswerOptions): AnswerStore & AnswerSnapshot {
  return useStore<AnswerOptions, AnswerSnapshot, AnswerStore>(createStream, options)
}

/**
 * What {@link useChat} does, for any function that creates a store: `createChat` of
 * `chatwire/chat/core`, which brings no formats with it, for example.
 */
export function useStore<Options, Snapshot, T extends Store<Snapshot>>(
  create: (options: () => Options) => T & Store<Snapshot>,
  options: Options,
): T & Snapshot {
  const latest = useRef(options)
  useInsertionEffect(() => {
    latest.current = options
  })
  const [store] = useState(() => create(() => latest.current))
  const snapshot = useSnapshot(store)
  const isMounted = useRef(false)
  useEffect(() => {
    isMounted.current = true
    return () => {
      isMounted.current = false
      // Strict mode, and a hot reload, mount again at once: that is no reason to stop.
      queueMicrotask(() => {
        if (!isMounted.current) store.stop()
      })
    }
  }, [store])
  return useMemo(() => ({ ...store, ...snapshot }), [store, snapshot])
}

/** The state of a store that lives elsewhere: shared by components, or made in a module. */
export function useSnapshot<Snapshot>(store: Store<Snapshot>): Snapshot {
  return useSyncExternalStore(store.subscribe, store.get, store.getInitial)
}
