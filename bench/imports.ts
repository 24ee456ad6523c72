/** How long a fresh process takes to import each library. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { type Column, quantile } from './measure.ts'

const ROUNDS = 7

/** What a program imports for the reader of that name. */
const modules: Record<string, string[]> = {
  floor: ['eventsource-parser'],
  streamChat: ['chatwire/core', 'chatwire/formats'],
  sniffing: ['chatwire'],
  'eventsource-parser': ['eventsource-parser/stream'],
  'fetch-event-source': ['@microsoft/fetch-event-source'],
  'fetch-event-stream': ['fetch-event-stream'],
  'parse-sse': ['parse-sse'],
  'llm-sse': ['llm-sse'],
  openai: ['openai'],
  '@anthropic-ai/sdk': ['@anthropic-ai/sdk'],
  ai: ['ai'],
  '@tanstack/ai-client': ['@tanstack/ai-client'],
}

const run = promisify(execFile)

async function importMs(names: string[]): Promise<number> {
  const imports = names.map((name) => `await import(${JSON.stringify(name)})`).join('\n')
  const code = `const start = performance.now()\n${imports}\nconsole.log(performance.now() - start)`
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', code])
  return Number(stdout)
}

export async function measureImports(wanted: (name: string) => boolean): Promise<Column[]> {
  const times = new Map<string, number[]>()
  for (let round = 0; round < ROUNDS; round++) {
    for (const [reader, names] of Object.entries(modules)) {
      if (!wanted(reader)) continue
      const list = times.get(reader) ?? []
      list.push(await importMs(names))
      times.set(reader, list)
    }
  }
  const figures = [...times].map(([name, list]): [string, number] => [name, quantile(list, 0.5)])
  return [{ name: 'import/ms', figures: new Map(figures) }]
}
