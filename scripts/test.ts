/**
 * The test command: runs every check, whatever fails before it, and closes with one line of counts.
 * The other checks run beside the tests; their output is printed after that of the tests.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { performance } from 'node:perf_hooks'

interface Step {
  name: string
  command: string
  /** When to print what the step says: as it says it, in the end, or by default if it failed. */
  show?: 'live' | 'always'
}

const report = '.tmp/vitest.json'
const vitest = `vitest run --reporter=default --reporter=json --outputFile.json=${report}`

/** Most of what comes after it reads the build. */
const build: Step = { name: 'build', command: 'npm run --silent build' }

const tests: Step = { name: 'tests', command: vitest, show: 'live' }

/** They are through before the tests that measure time begin: those come last. */
const others: Step[] = [
  { name: 'lint', command: 'npm run --silent lint' },
  { name: 'types', command: 'npm run --silent check' },
  { name: 'publint', command: 'npm run --silent publint' },
  { name: 'attw', command: 'npm run --silent attw' },
  { name: 'knip', command: 'npm run --silent knip' },
  { name: 'size', command: 'npm run --silent size', show: 'always' },
]

// publint and attw pack the package; without this they would build again while others read the build.
const env = { ...process.env, npm_config_ignore_scripts: 'true' }

interface Result {
  ok: boolean
  output: string
  seconds: string
}

/** Runs one step; tells whether it succeeded, how long it took and what it printed. */
async function run({ command, show }: Step): Promise<Result> {
  const started = performance.now()
  const stdio = show === 'live' ? 'inherit' : 'pipe'
  const child = spawn(command, { shell: true, env, stdio })
  const chunks: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk))
  const [code] = await once(child, 'close')
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  return { ok: code === 0, output: Buffer.concat(chunks).toString().trim(), seconds }
}

await mkdir('.tmp', { recursive: true })
await rm(report, { force: true })
const failures: string[] = []
let passed = 0
let failed = 0

function tell({ name, show }: Step, { ok, output, seconds }: Result): void {
  console.log(`\n── ${name}: ${ok ? 'ok' : 'FAILED'}, ${seconds} s ──`)
  if (output !== '' && (!ok || show === 'always')) console.log(output)
  if (!ok) failures.push(name)
  if (name === tests.name) return
  if (ok) passed++
  else failed++
}

/** One after the other, so that the tests keep most of the machine. */
async function runInTurn(steps: readonly Step[]): Promise<[Step, Result][]> {
  const results: [Step, Result][] = []
  for (const step of steps) results.push([step, await run(step)])
  return results
}

tell(build, await run(build))
const beside = runInTurn(others)
console.log(`\n── ${tests.name} ──`)
tell(tests, await run(tests))
for (const [step, result] of await beside) tell(step, result)

// No report means that vitest did not get as far as running tests.
const counts = await readFile(report, 'utf8').then(JSON.parse, () => ({}))
passed += counts.numPassedTests ?? 0
// It can also fail without a failed test: a file that does not load, a rejection nobody handled.
failed += counts.numFailedTests || (failures.includes('tests') || !counts.numPassedTests ? 1 : 0)

if (failures.length > 0) console.log(`\nFailed: ${failures.join(', ')}`)
console.log(`\n${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
