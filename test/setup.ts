import { afterAll, afterEach } from 'vitest'

/**
 * Rejections that nobody handled. Vitest fails the run on its own for each of them; failing the
 * test in which one came up names the culprit. Only under Node: in the browser a listener of ours would
 * turn off the one of Vitest, and the report comes too late to tell whose it is.
 */
export const strays: unknown[] = []

const keep = (reason: unknown) => strays.push(reason)
process.on('unhandledRejection', keep)
// The next file may run in the same process, and brings its own.
afterAll(() => {
  process.off('unhandledRejection', keep)
})

// The test may have replaced the clock by the time it ends.
const { setTimeout } = globalThis

/** Fails if a rejection was left unhandled since the last call. */
export async function expectNoStrays(): Promise<void> {
  // Node reports a rejection after the microtasks, before the next timer.
  await new Promise((resolve) => setTimeout(resolve, 0))
  const reasons = strays.splice(0)
  if (reasons.length > 0) {
    throw new AggregateError(reasons, `unhandled rejections: ${reasons.map(String).join('; ')}`)
  }
}

afterEach(expectNoStrays)
