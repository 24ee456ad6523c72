/** The suites in a process of Node, Deno or Bun: `… entry-process.js <server>`. */
import { describe, type SuiteReport } from './check.ts'
import { runSuites } from './suite.ts'

const reports: SuiteReport[] | { error: string } = await runSuites(process.argv[2] ?? '').catch(
  (error: unknown) => ({ error: describe(error) }),
)
console.log(JSON.stringify(reports))
// What a failed case left open would keep the process alive.
process.exit(0)
