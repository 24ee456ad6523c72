import { execFile } from 'node:child_process'
import { cp, glob, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { json } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }

const changesets = resolve('node_modules/@changesets/cli/bin.js')

/** What is published, as a registry is told of it. */
interface Publication {
  access: string
  versions: Record<string, { repository?: unknown; bugs?: unknown; homepage?: unknown }>
  _attachments: Record<string, { length: number }>
}

/** A registry that knows no package, and takes any. */
const published: Publication[] = []
const registry = createServer(async (request, response) => {
  if (request.method === 'PUT') published.push((await json(request)) as Publication)
  response.writeHead(request.method === 'PUT' ? 201 : 404).end('{}')
})

/** A copy of what a release reads, to release from. */
let folder: string
let env: NodeJS.ProcessEnv

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'chatwire-release-')))
  const papers = ['README.md', 'LICENSE', 'package.json']
  const parts = [...manifest.files, ...papers, '.changeset', 'scripts']
  for (const part of parts) await cp(part, join(folder, part), { recursive: true })

  await new Promise<void>((listening) => registry.listen(0, '127.0.0.1', listening))
  const address = `//127.0.0.1:${(registry.address() as AddressInfo).port}/`
  await writeFile(join(folder, '.npmrc'), `registry=http:${address}\n${address}:_authToken=none\n`)
  env = {
    // Nothing of the CI that may run this test.
    ...Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !/^(?:CI|GITHUB_|GITLAB_|npm_)/i.test(name)),
    ),
    npm_config_ignore_scripts: 'true',
    npm_config_update_notifier: 'false',
  }
})

afterAll(async () => {
  registry.closeAllConnections()
  registry.close()
  await rm(folder, { recursive: true, force: true })
})

/** Runs a command where the release is made; resolves with all that it printed, and its exit code. */
function run(command: string, ...args: string[]): Promise<{ code: unknown; output: string }> {
  const shell = command === 'npm' && process.platform === 'win32'
  return new Promise((done) => {
    execFile(command, args, { cwd: folder, env, shell }, (error, stdout, stderr) =>
      done({ code: error === null ? 0 : error.code, output: stdout + stderr }),
    )
  })
}

const runNode = (...args: string[]) => run(process.execPath, ...args)

test('the changelog of the next version has the changesets as they are written', async () => {
  const own = "---\n'chatwire': minor\n---\n\nA first line,\nand a second.\n\nA paragraph.\n"
  await writeFile(join(folder, '.changeset/zebra.md'), own)
  const files = (await Array.fromAsync(glob('.changeset/*.md', { cwd: folder }))).sort()
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')))
  const sections = ['minor', 'patch'].map((bump) => {
    const entries = texts
      .filter((text) => text.startsWith(`---\n'chatwire': ${bump}\n---\n`))
      .map((text) => text.replace(/^---\n[\s\S]*?\n---\n/, '').trim())
      .map((line) => `- ${line.replaceAll(/\n(?=.)/g, '\n  ')}\n`)
    const heading = `### ${bump === 'minor' ? 'Minor' : 'Patch'} Changes`
    return entries.length === 0 ? '' : `\n${heading}\n\n${entries.join('')}`
  })

  expect(await runNode(changesets, 'version')).toMatchObject({ code: 0 })

  const [major, minor] = manifest.version.split('.').map(Number)
  const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
  expect(version).toBe(`${major}.${Number(minor) + 1}.0`)
  const changelog = await readFile(join(folder, 'CHANGELOG.md'), 'utf8')
  const before = await readFile('CHANGELOG.md', 'utf8')
  expect(changelog).toBe(
    before.replace('# chatwire\n', `# chatwire\n\n## ${version}\n${sections.join('')}`),
  )
})

test('what is packed goes to npm with its provenance, public, and says where it comes from', async () => {
  // Each step as the workflow has it.
  const workflow = await readFile('.github/workflows/release.yml', 'utf8')
  const address = /run: npm (pkg set .*)/.exec(workflow)?.[1] ?? ''
  const set = address
    .replace('$GITHUB_SERVER_URL', 'https://github.com')
    .replace('$GITHUB_REPOSITORY', 'someone/chatwire')
    .replaceAll('"', '')
  expect(await run('npm', ...set.split(' '))).toMatchObject({ code: 0 })
  expect(await runNode(changesets, 'pack', '--out-dir', 'packed')).toMatchObject({ code: 0 })

  // The job that publishes begins anew. And here is nobody who could say where this was built.
  expect(await run('npm', 'pkg', 'delete', 'repository')).toMatchObject({ code: 0 })
  const refused = await runNode(changesets, 'publish', '--from-pack-dir', 'packed')
  expect(refused.code).toBe(1)
  expect(refused.output).toContain('provenance generation not supported')
  expect(published).toEqual([])

  const [tarball = ''] = await Array.fromAsync(glob('packed/packages/*.tgz', { cwd: folder }))
  const sent = await run('npm', 'publish', '--no-provenance', tarball)
  expect(sent).toMatchObject({ code: 0 })
  const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
  expect(published).toMatchObject([
    {
      access: 'public',
      versions: {
        [version]: {
          repository: { type: 'git', url: 'git+https://github.com/someone/chatwire.git' },
          bugs: { url: 'https://github.com/someone/chatwire/issues' },
          homepage: 'https://github.com/someone/chatwire#readme',
        },
      },
      _attachments: { [`chatwire-${version}.tgz`]: { length: expect.any(Number) } },
    },
  ])
})
