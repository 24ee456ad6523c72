import { type Adapter, checkSse, checkStream } from './check.ts'
import { readFormatFiles, readSseFile } from './vectors.ts'

/** One vector, to be read with one library. */
export interface Check {
  group: string
  name: string
  run(): Promise<void>
}

/** One check for each vector that the adapter can read; each body is cut at so many places at most. */
export async function checksOf(adapter: Adapter, mostCuts: number): Promise<Check[]> {
  const checks: Check[] = []
  const { readSse, readChat } = adapter
  if (readSse !== undefined) {
    for (const vector of (await readSseFile()).vectors) {
      const run = () => checkSse(readSse, vector, mostCuts)
      checks.push({ group: 'sse', name: vector.name, run })
    }
  }
  if (readChat !== undefined) {
    for (const file of await readFormatFiles()) {
      for (const vector of file.vectors) {
        const run = () => checkStream(readChat, file, vector, mostCuts)
        checks.push({ group: file.format, name: vector.name, run })
      }
    }
  }
  return checks
}
