import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, mkdir, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { delimiter, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** Where all that this command makes goes. */
export const folder: string = fileURLToPath(new URL('../../.tmp/runtimes/', import.meta.url))

/** A folder with npm packages of its own. */
export interface Installed {
  /** The path of one of its commands. */
  command(name: string): string
  /** The version of a package, by the name it was installed under. */
  version(name: string): Promise<string>
  /** Imports a package. */
  import(name: string): Promise<unknown>
}

/**
 * Installs npm packages into a folder of their own: they are large, and no concern of those who only
 * work on the library. What is there already is left as it is.
 */
export async function install(
  name: string,
  dependencies: Record<string, string>,
): Promise<Installed> {
  const at = join(folder, name)
  const manifest = `${JSON.stringify({ private: true, dependencies, allowScripts })}\n`
  const path = join(at, 'package.json')
  const stamp = join(at, 'installed')
  const known = await readFile(stamp, 'utf8').catch(() => '')
  if (known !== manifest) {
    await mkdir(at, { recursive: true })
    await writeFile(path, manifest)
    await npmInstall(at)
    await writeFile(stamp, manifest)
  }
  const { resolve } = createRequire(path)
  return {
    command: (command) => join(at, 'node_modules/.bin', command),
    async version(dependency) {
      const text = await readFile(join(at, 'node_modules', dependency, 'package.json'), 'utf8')
      return JSON.parse(text).version
    },
    import: (dependency) => import(pathToFileURL(resolve(dependency)).href),
  }
}

/** Packages that put a binary in place when they are installed. */
const allowScripts = { node: true, deno: true, bun: true, workerd: true, esbuild: true }

/** The environment for another folder: without what `npm run` tells its scripts about this project. */
export const environment: NodeJS.ProcessEnv = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^npm_(?:config_local|package)_/.test(name)),
)

async function npmInstall(cwd: string): Promise<void> {
  const { code, output } = await runCommand(
    'npm',
    ['install', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'],
    { cwd, env: environment },
  )
  if (code !== 0) throw new Error(`npm install failed: ${output.trim()}`)
}

/** Runs a command to its end; returns what it printed on both outputs, and on the first alone. */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<{ code: unknown; stdout: string; output: string }> {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text
    output += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    output += text
  })
  const [code] = await once(child, 'close')
  return { code, stdout, output }
}

/** The path of the first of these programs that is on PATH. */
export async function findProgram(...names: string[]): Promise<string> {
  for (const name of names) {
    for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
      const path = join(directory, name)
      if (
        await access(path).then(
          () => true,
          () => false,
        )
      )
        return path
    }
  }
  throw new Error(`${names.join(' or ')} is not on PATH`)
}
