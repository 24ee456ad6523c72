/** A test runner of a page, because no test framework runs in every runtime. */

/** Registers one case: `run` fails by throwing, or by rejecting. */
export type Check = (name: string, run: () => unknown) => void

export interface Suite {
  name: string
  /** How many cases run at a time; 1 unless given. */
  parallel?: number
  /** Registers the cases. */
  register(check: Check): Promise<void> | void
}

export interface SuiteReport {
  name: string
  passed: number
  failures: { name: string; message: string }[]
}

/** How long one case may take. */
const CASE_MS = 10_000

/** Runs every case of a suite. */
export async function runSuite(suite: Suite): Promise<SuiteReport> {
  const report: SuiteReport = { name: suite.name, passed: 0, failures: [] }
  const cases: [name: string, run: () => unknown][] = []
  const check: Check = (name, run) => cases.push([name, run])
  try {
    await suite.register(check)
  } catch (error) {
    report.failures.push({ name: 'the suite loads', message: describe(error) })
  }
  async function runCase(name: string, run: () => unknown): Promise<void> {
    try {
      await within(CASE_MS, run)
      report.passed++
    } catch (error) {
      report.failures.push({ name, message: describe(error) })
    }
  }

  const strays = watchRejections()
  const queue = cases.values()
  const lane = async (): Promise<void> => {
    for (let next = queue.next(); !next.done; next = queue.next()) await runCase(...next.value)
  }
  await Promise.all(Array.from({ length: suite.parallel ?? 1 }, lane))
  await runCase('no rejection is left unhandled', async () => {
    // They are reported after the microtasks, or when the garbage is collected.
    await wait(50)
    if (strays.length > 0) throw new Error(strays.map(describe).join('\n'))
  })
  return report
}

/** What a thrown value says, with where it came from. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { name, message, stack = '' } = error
  // Only V8 puts the message into the stack.
  return stack.includes(message) ? stack : `${name}: ${message}\n${stack}`
}

export function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Waits until something is so, and fails if that takes longer than five seconds. */
export async function until(isSo: () => boolean): Promise<void> {
  for (let waited = 0; !isSo(); waited += 10) {
    if (waited >= 5000) throw new Error(`not so after five seconds: ${isSo}`)
    await wait(10)
  }
}

/** What `run` comes to, or a rejection if that takes longer than `ms`. */
export async function within<T>(ms: number, run: () => T | Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not over within ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([run(), late])
  } finally {
    clearTimeout(timer)
  }
}

/** What is under `process` where there is one. */
interface Process {
  on?(event: 'unhandledRejection', listener: (reason: unknown) => void): void
}

const strays: unknown[] = []
let isWatching = false

/** The rejections that nobody handles from now on. */
function watchRejections(): unknown[] {
  strays.length = 0
  if (isWatching) return strays
  isWatching = true
  const { process } = globalThis as { process?: Process }
  if (typeof process?.on === 'function') {
    process.on('unhandledRejection', (reason) => strays.push(reason))
  } else {
    globalThis.addEventListener('unhandledrejection', (event) => {
      event.preventDefault()
      strays.push(event.reason)
    })
  }
  return strays
}
