/** Fires when nothing happened for a while. */
export interface Watchdog {
  /** Something happened: the wait starts anew. Costs no timer and no look at a clock. */
  touch(): void
  stop(): void
}

/** The longest delay that timers take: beyond it they fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1

/**
 * Creates a watchdog that calls `onExpire` once `ms` have passed since the last `touch`, and at most
 * a tenth of that later. 0, Infinity and anything longer than 24 days mean never.
 *
 * It counts ticks of a coarse timer instead of reading a clock: reading one for every chunk shows in
 * the benchmark, and a thread that was blocked, or a machine that slept, gets a late tick but no
 * expiry out of the blue.
 */
export function watchdog(ms: number, onExpire: () => void): Watchdog {
  const ticks = Math.min(Math.ceil(ms / 10), 10)
  let timer: ReturnType<typeof setInterval> | undefined
  let quietTicks = 0

  function stop(): void {
    clearInterval(timer)
    timer = undefined
  }

  function tick(): void {
    if (++quietTicks <= ticks) return
    stop()
    onExpire()
  }

  return {
    touch() {
      quietTicks = 0
      if (timer !== undefined || ms === 0 || ms > MAX_DELAY_MS) return
      // The first tick ends a whole period; after a later touch it only ends the rest of one.
      quietTicks = 1
      timer = setInterval(tick, Math.ceil(ms / ticks))
    },
    stop,
  }
}

/**
 * Settles as `promise` does, or rejects: with `onExpire()` after `ms`, with the signal's reason when
 * that aborts. Its timer is gone either way.
 */
export function withDeadline<T>(
  promise: Promise<T>,
  ms: number,
  signal: AbortSignal,
  onExpire?: () => unknown,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const clock = watchdog(ms, () => reject(onExpire?.()))
    const abort = (): void => {
      clock.stop()
      reject(signal.reason)
    }
    clock.touch()
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(clock.stop)
  })
}
