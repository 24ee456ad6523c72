import {
  useEffect,
  useInsertionEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react'
import * as stores from '../chat.ts'

/**
 * A chat that belongs to the component: its state and its functions, which stay the same. The
 * options may change at every render; a request takes those of the last one. The answer is stopped
 * when the component is unmounted.
 *
 * @example
 * const { messages, status, send, stop } = useChat({ url: '/api/chat' })
 */
export function useChat(options: stores.ChatOptions): stores.Chat & stores.ChatSnapshot {
  return useStore<stores.ChatOptions, stores.ChatSnapshot, stores.Chat>(stores.createChat, options)
}

/** A single answer that belongs to the component; else as {@link useChat}. */
export function useStream(
  options: stores.AnswerOptions,
): stores.AnswerStore & stores.AnswerSnapshot {
  return useStore<stores.AnswerOptions, stores.AnswerSnapshot, stores.AnswerStore>(
    stores.createStream,
    options,
  )
}

/**
 * What {@link useChat} does, for any function that creates a store: `createChat` of
 * `chatwire/chat/core`, which brings no formats with it, for example.
 */
export function useStore<Options, Snapshot, T extends stores.Store<Snapshot>>(
  create: (options: () => Options) => T & stores.Store<Snapshot>,
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

/**
 * The state of a store that lives elsewhere: shared by components, or made in a module.
 *
 * @param select - What of it the component needs, so that it is rendered only when that changes. It
 * must give the same value for the same state. Default: all of it.
 */
export function useSnapshot<Snapshot>(store: stores.Store<Snapshot>): Snapshot
export function useSnapshot<Snapshot, Selected>(
  store: stores.Store<Snapshot>,
  select: (snapshot: Snapshot) => Selected,
): Selected
export function useSnapshot<Snapshot>(
  store: stores.Store<Snapshot>,
  select: (snapshot: Snapshot) => unknown = (snapshot) => snapshot,
): unknown {
  const read = (): unknown => select(store.get())
  return useSyncExternalStore(store.subscribe, read, () => select(store.getInitial()))
}
