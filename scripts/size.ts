/**
 * Measures what the entries cost in a bundle, against the limits of .size-limit.json, and checks
 * that the README says the same.
 *
 *     npm run size               after `npm run build`; exit status 1 above a limit, or if it does not
 *     npm run size -- --write    writes the figures into the README
 */
import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { parseArgs, promisify } from 'node:util'

interface Measured {
  name: string
  /** In bytes, minified and gzipped. */
  size: number
  sizeLimit: number
  passed: boolean
}

const { values: options } = parseArgs({ options: { write: { type: 'boolean', default: false } } })

/** The line of the README that this writes. */
const LINE = /^- \*\*Size\*\*.*$/m

/** The entries in the order of .size-limit.json. It exits with 1 when one is above its limit. */
async function measure(): Promise<Measured[]> {
  const run = promisify(execFile)(process.execPath, ['node_modules/size-limit/bin.js', '--json'])
  const { stdout } = await run.catch((error: { stdout: string }) => {
    if (error.stdout?.startsWith('[')) return error
    throw error
  })
  return JSON.parse(stdout)
}

function kB(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`
}

function sentence(entries: readonly Measured[]): string {
  const sizeOf = (name: string): number => {
    const entry = entries.find((entry) => entry.name === name)
    if (!entry) throw new Error(`.size-limit.json has no entry "${name}".`)
    return entry.size
  }
  const core = sizeOf('chatwire/core, openaiChat')
  const chat = sizeOf('chatwire/chat/core, openaiChat') - core
  const withAdapter = ['react', 'vue', 'svelte'].map((name) => sizeOf(`chatwire/${name}`))
  const adapter = Math.max(...withAdapter) - sizeOf('chatwire/chat')
  return (
    '- **Size**, minified and gzipped, the dependency included: ' +
    `${kB(core)} for \`chatwire/core\` with one format, ` +
    `${kB(sizeOf('chatwire'))} for everything in \`chatwire\`, all formats included; ` +
    `\`chatwire/chat\` adds ${kB(chat)}, an adapter at most ${kB(adapter)}.`
  )
}

const entries = await measure()
for (const { name, size, sizeLimit, passed } of entries) {
  const verdict = passed ? '' : '  above its limit'
  console.log(`${name.padEnd(32)}${kB(size).padStart(8)}  of ${kB(sizeLimit)}${verdict}`)
}
if (!entries.every(({ passed }) => passed)) process.exitCode = 1

const readme = await readFile('README.md', 'utf8')
const line = sentence(entries)
if (options.write) {
  const updated = readme.replace(LINE, () => line)
  await writeFile('README.md', updated)
} else if (readme.match(LINE)?.[0] !== line) {
  console.error(`The README does not say this; run \`npm run size -- --write\`:\n${line}`)
  process.exitCode = 1
}
