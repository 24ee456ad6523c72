/** Fires when nothing happened for a while. */
export interface Watchdog {
  /** Starts the clock, or sets it back to zero. Costs no timer while one is running. */
  touch(): void
  stop(): void
}

/** The longest delay that timers take: beyond it they fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1
/** A timer this late found the thread blocked or asleep: input that came meanwhile waits behind it. */
const LATE_MS = 50

/**
 * Creates a watchdog that calls `onExpire` once `ms` have passed since the last `touch`. 0, Infinity
 * and anything longer than 24 days mean never.
 *
 * It keeps one timer and re-checks the time when that fires, so that a touch costs a clock reading.
 */
export function watchdog(ms: number, onExpire: () => void): Watchdog {
  if (ms === 0 || ms > MAX_DELAY_MS) return { touch() {}, stop() {} }
  let timer: ReturnType<typeof setTimeout> | undefined
  let touchedAt = 0
  let dueAt = 0
  let touched = false

  function arm(delayMs: number): void {
    touched = false
    dueAt = performance.now() + delayMs
    timer = setTimeout(check, delayMs)
  }

  function check(): void {
    const now = performance.now()
    if (touched) {
      // Within bounds even if the clock jumped.
      arm(Math.min(Math.max(touchedAt + ms - now, 1), ms))
    } else if (now - dueAt > LATE_MS) {
      arm(1)
    } else {
      timer = undefined
      onExpire()
    }
  }

  return {
    touch() {
      touchedAt = performance.now()
      touched = true
      if (timer === undefined) arm(ms)
    },
    stop() {
      clearTimeout(timer)
      timer = undefined
    },
  }
}
