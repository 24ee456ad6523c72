import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { posix } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, expect, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }

const shell = process.platform === 'win32'

/** The files of the package, by their paths in it. */
const files = new Map<string, string>()

beforeAll(async () => {
  // Without scripts: the build is there already, and rebuilding would pull it away from others.
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts']
  const { stdout } = await promisify(execFile)('npm', args, { shell })
  const [packed] = JSON.parse(stdout) as [{ files: { path: string }[] }]
  for (const { path } of packed.files) files.set(path, await readFile(path, 'utf8'))
})

/** The paths that do not lead to a file of the package. */
const missing = (paths: string[]) => paths.filter((path) => !files.has(path))

test('the published package holds the build, the sources and the papers, nothing else', () => {
  const paths = [...files.keys()]
  const top = new Set(paths.map((path) => path.replace(/\/.*/, '')))
  expect([...top].sort()).toEqual([
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'dist',
    'package.json',
    'src',
  ])
  const known = /^[^/]+$|^src\/.+(?<!\.test)\.ts$|^dist\/.+\.(js|d\.ts)(\.map)?$/
  expect(paths.filter((path) => !known.test(path))).toEqual([])
})

test('every entry leads to a file of the package', () => {
  const targets = Object.values(manifest.exports).flatMap((entry) =>
    typeof entry === 'string' ? [entry] : Object.values(entry),
  )
  expect(targets.length).toBeGreaterThan(10)
  expect(missing(targets.map((target) => posix.normalize(target)))).toEqual([])
})

test('every file of the build has its map, and each map leads to sources in the package', () => {
  const built = [...files].filter(([path]) => /^dist\/.+\.(js|d\.ts)$/.test(path))
  expect(built.length).toBeGreaterThan(10)
  const used = new Set<string>()
  for (const [path, code] of built) {
    expect(code).toMatch(new RegExp(`\n//# sourceMappingURL=${posix.basename(path)}\\.map\n?$`))
    const map = JSON.parse(files.get(`${path}.map`) ?? '')
    const root = posix.join(posix.dirname(path), map.sourceRoot ?? '')
    const sources = (map.sources as string[]).map((source) => posix.join(root, source))
    expect(missing(sources), path).toEqual([])
    for (const source of sources) used.add(source)
  }
  // With no source left out, the maps are not just empty.
  const sources = [...files.keys()].filter((path) => path.startsWith('src/'))
  expect(sources.filter((path) => !used.has(path))).toEqual([])
})

test('no file of the package says where it was built', () => {
  const absolute = /\bfile:\/\/\/|(?<![\w.:/-])\/(?:home|root|tmp|Users|var|work)\/|\b[A-Z]:\\\w/
  const telling = [...files].filter(
    ([, text]) => text.includes(process.cwd()) || absolute.test(text),
  )
  expect(telling.map(([path]) => path)).toEqual([])
})
