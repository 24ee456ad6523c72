import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { environment as clean, runCommand } from '../runtimes/install.ts'

/** Packages could not be had, because the registry could not be reached. */
export class Unreachable extends Error {}

/** What npm says when it did not get as far as an answer. */
const UNREACHABLE =
  /code (?:E(?:AI_AGAIN|CONNREFUSED|CONNRESET|HOSTUNREACH|IDLETIMEOUT|NETUNREACH|NOTCACHED|NOTFOUND|TIMEDOUT|RESPONSETIMEOUT)|ERR_SOCKET_TIMEOUT)/

/** The environment of the projects. */
export const environment: NodeJS.ProcessEnv = { ...clean, NEXT_TELEMETRY_DISABLED: '1' }

/** Packs the package into `folder`, as it was built; returns the path of the tarball. */
export async function pack(folder: string): Promise<string> {
  const repository = fileURLToPath(new URL('../..', import.meta.url))
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder]
  const [{ filename }] = JSON.parse(await run('npm', args, repository)) as [{ filename: string }]
  return join(folder, filename)
}

/** Runs a command to its end, and returns what it printed; throws that if it fails. */
async function run(command: string, args: readonly string[], cwd: string): Promise<string> {
  const { code, stdout, output } = await runCommand(command, args, { cwd, env: environment })
  if (code !== 0) throw new Error(`${command} ${args.join(' ')}: exit code ${code}\n${output}`)
  return stdout
}

/** Runs a JavaScript file with the Node that runs this one. */
export function runNode(cwd: string, ...args: string[]): Promise<string> {
  return run(process.execPath, args, cwd)
}

/** Makes a project of the files in `projects/NAME`, and installs packages into it. */
export async function createProject(
  folder: string,
  name: string,
  packages: readonly string[],
): Promise<void> {
  await mkdir(folder)
  await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n')
  await cp(new URL(`projects/${name}`, import.meta.url), folder, { recursive: true })
  await install(folder, packages)
}

/** Installs packages: names with a range, or the path of a tarball. */
export async function install(folder: string, packages: readonly string[]): Promise<void> {
  const options = ['--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error']
  const retry = ['--prefer-offline', '--fetch-retries=1', '--fetch-retry-mintimeout=1000']
  const args = ['install', ...options, ...retry, ...packages]
  const { code, output } = await runCommand('npm', args, { cwd: folder, env: environment })
  if (code === 0) return
  const reason = UNREACHABLE.exec(output)
  if (reason !== null) throw new Unreachable(`npm cannot reach its registry (${reason[0]})`)
  throw new Error(`npm install failed:\n${output}`)
}

/** The version of an installed package. */
export async function versionOf(folder: string, name: string): Promise<string> {
  const manifest = await readFile(join(folder, 'node_modules', name, 'package.json'), 'utf8')
  return JSON.parse(manifest).version
}
