import type { Store } from './options.ts'

/** A state that is set from outside. */
export interface State<Snapshot> extends Omit<Store<Snapshot>, 'stop'> {
  /** Sets the state and tells all listeners. */
  set(next: Snapshot): void
}

export function createState<Snapshot>(initial: Snapshot): State<Snapshot> {
  let current = initial
  const listeners = new Set<(snapshot: Snapshot) => void>()
  return {
    get: () => current,
    getInitial: () => initial,
    set(next) {
      current = next
      // Only who listens now, and still does when it is their turn.
      for (const listener of [...listeners]) {
        // Not `next`: a listener may have set the state again.
        if (listeners.has(listener)) callSafely(() => listener(current))
      }
    },
    subscribe(listener) {
      // A function of its own, so that the same one can be subscribed twice.
      const entry = (snapshot: Snapshot): void => listener(snapshot)
      listeners.add(entry)
      return () => {
        listeners.delete(entry)
      }
    },
  }
}

/** Calls what is not ours. What it throws is reported as uncaught, and hinders nobody else. */
export function callSafely(call: () => void): void {
  try {
    call()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
