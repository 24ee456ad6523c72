/**
 * Reads every vector with a library, and says which it reads as it should.
 *
 *     node conformance/run.ts conformance/adapters/chatwire.ts
 *     node conformance/run.ts my-adapter.mjs --only sse
 *     node conformance/run.ts my-adapter.mjs --only openaiChat --cuts 20 --failed
 *
 * `--cuts`: at how many places one body is cut in two at most, 1000 unless given. `--failed`: prints
 * only the vectors that failed. The exit status is 1 if one did.
 */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import type { Adapter } from './check.ts'
import { checksOf } from './plan.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string' },
    cuts: { type: 'string', default: '1000' },
    failed: { type: 'boolean', default: false },
  },
})
const [path] = positionals
const mostCuts = Number(values.cuts)
if (path === undefined || !(mostCuts >= 0)) {
  throw new Error('Usage: node run.ts adapter [--only group] [--cuts number] [--failed]')
}
const adapter: Adapter = await import(pathToFileURL(resolve(path)).href)
const counts = new Map<string, { passed: number; failed: number }>()
for (const { group, name, run } of await checksOf(adapter, mostCuts)) {
  if (values.only !== undefined && values.only !== group) continue
  const count = counts.get(group) ?? { passed: 0, failed: 0 }
  counts.set(group, count)
  try {
    await run()
    count.passed++
    if (!values.failed) console.log(`passed  ${group}: ${name}`)
  } catch (error) {
    count.failed++
    process.exitCode = 1
    console.log(`failed  ${group}: ${name}\n        ${String(error).replace(/^Error: /, '')}`)
  }
}
if (counts.size === 0) throw new Error('There was nothing to check.')
for (const [group, { passed, failed }] of counts) {
  console.log(`${group}: ${passed} passed, ${failed} failed`)
}
