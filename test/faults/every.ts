import { registerHooks } from 'node:module'
import { setTimeout as wait } from 'node:timers/promises'

/**
 * A program that goes through every scenario, one batch after the other, and then has nothing more
 * to do. It says what still keeps it alive, and whether it exits by itself is for the test to see.
 */
const entries: Record<string, string> = {
  chatwire: '../../src/index.ts',
  'chatwire/formats': '../../src/formats.ts',
}

// The tests' own alias for the public names, so that nothing need be built.
registerHooks({
  resolve(specifier, context, next) {
    const entry = entries[specifier]
    return next(entry === undefined ? specifier : new URL(entry, import.meta.url).href, context)
  },
})

const { play } = await import('./harness.ts')
const { scenarios } = await import('./scenarios.ts')

const rows = Object.values(scenarios).flat()
const batchSize = 40
for (let from = 0; from < rows.length; from += batchSize) {
  await Promise.all(rows.slice(from, from + batchSize).map((row) => play(row)))
}
// Timers of the servers that are over by now; the next turn closes what was let go of in this one.
await wait(50)
const alive = process.getActiveResourcesInfo().filter((name) => !/^(?:TTY|Pipe)Wrap$/.test(name))
process.stdout.write(`${rows.length} scenarios, alive: ${alive.join()}\n`)
