import { runSuite, type SuiteReport } from './check.ts'
import { connect } from './scenario.ts'
import { bufferSuite } from './suites/buffers.ts'
import { errorSuite } from './suites/errors.ts'
import { faultSuite } from './suites/faults.ts'
import { formatSuite } from './suites/formats.ts'
import { leavingSuite } from './suites/leaving.ts'
import { sseSuite } from './suites/sse.ts'

/**
 * Runs every suite against the server at `url`. This file and what it imports need nothing but the
 * web platform, so that the same code runs in every runtime.
 */
export async function runSuites(url: string): Promise<SuiteReport[]> {
  const server = connect(url)
  const suites = [
    sseSuite,
    formatSuite(server),
    bufferSuite(server),
    faultSuite(server),
    leavingSuite(server),
    errorSuite(server),
  ]
  const reports: SuiteReport[] = []
  for (const suite of suites) reports.push(await runSuite(suite))
  return reports
}
