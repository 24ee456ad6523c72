/**
 * Packs the package, installs the tarball into fresh projects outside of this one, and uses it there
 * as its users do: in Node with and without TypeScript, in a bundle of Vite, and in Next.
 *
 *     npm run test:install                  all of them
 *     npm run test:install -- node next     some of them
 *
 * What the projects need comes from npm. Where that cannot be reached they are skipped, unless
 * CHATWIRE_INSTALL=required.
 */
import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { checkNext } from './next.ts'
import { checkNode } from './node.ts'
import { pack, Unreachable } from './project.ts'
import { checkVite } from './vite.ts'

/** Does all that is to be done with one project; tells what that was. */
type Check = (folder: string, tarball: string) => Promise<string>

const checks: readonly [name: string, check: Check][] = [
  ['node', checkNode],
  ['vite', checkVite],
  ['next', checkNext],
]

const names = process.argv.slice(2)
const chosen = checks.filter(([name]) => names.length === 0 || names.includes(name))
if (chosen.length < names.length) {
  throw new Error(`known projects: ${checks.map(([name]) => name).join(', ')}`)
}

// Not below this project: Node would find there what the package forgot to depend on.
const folder = await realpath(await mkdtemp(join(tmpdir(), 'chatwire-install-')))
let failed = 0
try {
  const tarball = await pack(folder)
  for (const [name, check] of chosen) {
    const started = performance.now()
    try {
      const what = await check(join(folder, name), tarball)
      console.log(`${name}: ok, ${((performance.now() - started) / 1000).toFixed(1)} s: ${what}`)
    } catch (error) {
      if (error instanceof Unreachable && process.env['CHATWIRE_INSTALL'] !== 'required') {
        console.log(`${name}: skipped: ${error.message}`)
        continue
      }
      failed++
      console.log(`${name}: FAILED`)
      console.error(error)
    }
  }
} finally {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 })
}
process.exitCode = failed === 0 ? 0 : 1
