/**
 * Runs the suites of this folder in every runtime that can be had, against one server, and prints a
 * table. The built package is what is tested.
 *
 *     npm run test:runtimes                     all of them
 *     npm run test:runtimes -- deno workerd     some of them
 *
 * Runtimes come from npm, into .tmp/runtimes; Firefox (firefox-esr) and WebKit (webkit2gtk-driver,
 * xvfb) from the system. One that cannot be had is skipped, unless CHATWIRE_RUNTIMES=required.
 */
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { build } from 'tsup'
import { describe, type SuiteReport, within } from './check.ts'
import { chromium, firefox } from './drivers/browsers.ts'
import { processes } from './drivers/processes.ts'
import type { Runtime } from './drivers/runtime.ts'
import { webkit } from './drivers/webkit.ts'
import { workerd } from './drivers/workerd.ts'
import { folder, runCommand } from './install.ts'
import { startServer } from './server.ts'

const runtimes: readonly Runtime[] = [...processes, workerd, chromium, firefox, webkit]

/** How long one runtime may take, in milliseconds. */
const MAX_MS = 300_000

interface Row {
  name: string
  version: string
  reports: SuiteReport[]
  seconds: number
}

/** Builds the package, and bundles it with the suites into one file for each kind of runtime. */
async function bundle(): Promise<void> {
  const { code, output } = await runCommand('npm', ['run', '--silent', 'build'])
  if (code !== 0) throw new Error(output)
  await build({
    entry: ['process', 'worker', 'page'].map((kind) => `test/runtimes/entry-${kind}.ts`),
    outDir: join(folder, 'bundle'),
    config: false,
    format: 'esm',
    target: 'es2022',
    platform: 'browser',
    splitting: false,
    noExternal: [/./],
    silent: true,
  })
}

async function runIn({ name, prepare }: Runtime, url: string): Promise<Row | undefined> {
  let prepared: Awaited<ReturnType<typeof prepare>>
  try {
    prepared = await prepare()
  } catch (error) {
    if (process.env['CHATWIRE_RUNTIMES'] === 'required') return failedRow(name, error)
    console.log(`skipped ${name}: ${error instanceof Error ? error.message : error}`)
    return undefined
  }
  const { version, run } = prepared
  const started = performance.now()
  try {
    const reports = await within(MAX_MS, () => run(url))
    return { name, version, reports, seconds: (performance.now() - started) / 1000 }
  } catch (error) {
    return { ...failedRow(name, error), version }
  }
}

function failedRow(name: string, error: unknown): Row {
  const failures = [{ name: 'the suites run', message: describe(error) }]
  return { name, version: '?', reports: [{ name: 'run', passed: 0, failures }], seconds: 0 }
}

function print(rows: readonly Row[]): void {
  const suites = [...new Set(rows.flatMap(({ reports }) => reports.map(({ name }) => name)))]
  const lines = rows.map(({ name, version, reports, seconds }) => [
    name,
    version,
    ...suites.map((suite) => {
      const report = reports.find((report) => report.name === suite)
      if (report === undefined) return '-'
      const { passed, failures } = report
      return failures.length === 0 ? `${passed}` : `${passed}, ${failures.length} FAILED`
    }),
    `${seconds.toFixed(1)} s`,
  ])
  const table = [['runtime', 'version', ...suites, 'time'], ...lines]
  const widths = table[0]?.map((_, column) =>
    Math.max(...table.map((line) => line[column]?.length ?? 0)),
  )
  console.log('\nPassed, by runtime and suite:')
  for (const line of table) {
    console.log(
      line
        .map((cell, column) => cell.padEnd(widths?.[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
  }
}

const names = process.argv.slice(2)
const chosen = runtimes.filter(({ name }) => names.length === 0 || names.includes(name))
if (chosen.length < names.length) {
  throw new Error(`known runtimes: ${runtimes.map(({ name }) => name).join(', ')}`)
}

await bundle()
const server = await startServer()
const rows: Row[] = []
for (const runtime of chosen) {
  const row = await runIn(runtime, server.url)
  if (row === undefined) continue
  rows.push(row)
  for (const { name, failures } of row.reports) {
    for (const failure of failures) {
      console.log(`\nFAILED in ${row.name}, ${name}: ${failure.name}\n${failure.message}`)
    }
  }
}
await server.close()
print(rows)

const reports = rows.flatMap(({ reports }) => reports)
const passed = reports.reduce((sum, report) => sum + report.passed, 0)
const failed = reports.reduce((sum, { failures }) => sum + failures.length, 0)
console.log(`\n${passed} passed, ${failed} failed, ${chosen.length - rows.length} skipped`)
// A runtime that hangs would keep this process alive.
process.exit(failed === 0 && passed > 0 ? 0 : 1)
