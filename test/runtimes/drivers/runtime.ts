import type { SuiteReport } from '../check.ts'

/** A JavaScript runtime that the suites can be run in. */
export interface Runtime {
  name: string
  /** Installs and finds what it needs. Throws if it cannot be had here. */
  prepare(): Promise<Prepared>
}

export interface Prepared {
  version: string
  /** Runs the suites against the server at `url`. Throws if they do not come to an end. */
  run(url: string): Promise<SuiteReport[]>
}

/** What an entry handed over, as far as it is reports; throws what it says instead of them. */
export function readReports(value: unknown): SuiteReport[] {
  if (Array.isArray(value)) return value
  const { error } = typeof value === 'object' && value !== null && 'error' in value ? value : {}
  throw new Error(`no reports: ${error ?? JSON.stringify(value)}`)
}
