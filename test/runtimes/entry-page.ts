/** The suites in a page, `/?server=…`: it has a global `reports` when they are over. */
import { describe } from './check.ts'
import { runSuites } from './suite.ts'

const server = new URL(location.href).searchParams.get('server') ?? ''
Object.assign(globalThis, {
  reports: await runSuites(server).catch((error: unknown) => ({ error: describe(error) })),
})
