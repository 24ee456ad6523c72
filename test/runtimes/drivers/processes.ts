import { join } from 'node:path'
import type { SuiteReport } from '../check.ts'
import { folder, install, runCommand } from '../install.ts'
import { type Runtime, readReports } from './runtime.ts'

const entry = join(folder, 'bundle/entry-process.js')

/** Runs the suites in a process of its own, and reads the reports from the last line it prints. */
async function runProcess(command: string, args: readonly string[]): Promise<SuiteReport[]> {
  const env = { ...process.env, DENO_DIR: join(folder, 'deno/cache'), DENO_NO_UPDATE_CHECK: '1' }
  const { code, stdout, output } = await runCommand(command, args, { cwd: folder, env })
  if (code !== 0) throw new Error(`exit code ${code}: ${output.trim()}`)
  return readReports(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''))
}

/** A major version of Node, as the npm package `node` has it. */
function node(major: number): Runtime {
  return {
    name: `node-${major}`,
    async prepare() {
      const installed = await install(`node-${major}`, { node: `${major}` })
      return {
        version: await installed.version('node'),
        run: (url) => runProcess(installed.command('node'), [entry, url]),
      }
    },
  }
}

const deno: Runtime = {
  name: 'deno',
  async prepare() {
    const installed = await install('deno', { deno: '2' })
    const args = ['run', '--no-config', '--no-lock', '--no-prompt', '--allow-net=127.0.0.1']
    return {
      version: await installed.version('deno'),
      run: (url) => runProcess(installed.command('deno'), [...args, entry, url]),
    }
  },
}

const bun: Runtime = {
  name: 'bun',
  async prepare() {
    const installed = await install('bun', { bun: '1' })
    return {
      version: await installed.version('bun'),
      run: (url) => runProcess(installed.command('bun'), ['run', entry, url]),
    }
  },
}

export const processes: readonly Runtime[] = [node(22), node(24), node(26), deno, bun]
