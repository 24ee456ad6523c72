/**
 * Random streams, damaged, cut, aborted and left at random, through the built package: whatever
 * comes, the promises must hold. Nothing is random but the seed of the first case; the next case has
 * the next seed.
 *
 *     npm run fuzz -- --minutes 10
 *     npm run fuzz -- --seed 123 --cases 1     one case again, as a failure prints it
 *
 * Exit status 1 if a promise was broken.
 */
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { type Plan, planOf } from './plan.ts'
import { play } from './play.ts'
import { randomOf } from './random.ts'
import { textOf, turn } from './source.ts'

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: `${Date.now() % 2 ** 32}` },
    cases: { type: 'string', default: 'Infinity' },
  },
})

/** How long one case may take, and how many failures of one kind are shown. */
const CASE_MS = 20_000
const MAX_SHOWN = 3

const first = Number(options.seed)
const deadline = performance.now() + Number(options.minutes) * 60_000
const strays: unknown[] = []
process.on('unhandledRejection', (reason) => strays.push(reason))

/** How often each promise was broken, by the first line of the message. */
const failures = new Map<string, number>()
let current: { seed: number; plan: Plan; startedAt: number } | undefined

function fail(seed: number, plan: Plan, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error)
  const kind = message.split('\n', 1)[0] ?? ''
  const count = (failures.get(kind) ?? 0) + 1
  failures.set(kind, count)
  if (count > MAX_SHOWN) return
  const { bytes, ...body } = plan.body
  console.log(`\nFAILED, seed ${seed}: ${message}`)
  console.log(JSON.stringify({ ...plan, body }))
  console.log(`bytes: ${Buffer.from(bytes).toString('hex')}`)
  console.log(`text: ${JSON.stringify(textOf(bytes))}`)
  console.log(`replay: npm run fuzz -- --seed ${seed} --cases 1`)
}

// The one timer that is there while cases run: it ends a run that hangs.
const guard = setInterval(() => {
  if (current === undefined || performance.now() - current.startedAt < CASE_MS) return
  fail(current.seed, current.plan, new Error(`broken promise: the stream ends`))
  process.exit(1)
}, 1000)

console.log(`seed ${first}`)
let cases = 0
let bytes = 0
for (; cases < Number(options.cases) && performance.now() < deadline; cases++) {
  const seed = (first + cases) % 2 ** 32
  const random = randomOf(seed)
  const plan = planOf(random)
  current = { seed, plan, startedAt: performance.now() }
  bytes += plan.body.bytes.length
  try {
    await play(plan, random)
    await turn()
    if (strays.length > 0) throw new Error(`broken promise: a rejection is unhandled\n${strays}`)
  } catch (error) {
    fail(seed, plan, error)
  }
  strays.length = 0
  if (cases % 100_000 === 99_999) console.log(`${cases + 1} cases, at seed ${seed}`)
}
clearInterval(guard)

for (const [kind, count] of failures) console.log(`${count} x ${kind}`)
const failed = [...failures.values()].reduce((sum, count) => sum + count, 0)
console.log(`${cases} cases, ${bytes} bytes, from seed ${first}`)
console.log(`\n${cases - failed} passed, ${failed} failed`)
process.exitCode = failed === 0 && cases > 0 ? 0 : 1
