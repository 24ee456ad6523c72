import { onTestFinished, vi } from 'vitest'

/** A clock that only moves when told to. */
export interface FakeClock {
  /** Lets time pass, and lets everything happen that is due by then, promises included. */
  pass(ms: number): Promise<void>
  /** How many timers are set. */
  timers(): number
}

/** Replaces the timers and `performance.now()` for the rest of the test. */
export function fakeClock(): FakeClock {
  vi.useFakeTimers()
  onTestFinished(() => {
    vi.useRealTimers()
  })
  return {
    async pass(ms) {
      await vi.advanceTimersByTimeAsync(ms)
    },
    timers: () => vi.getTimerCount(),
  }
}
