import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const shell = process.platform === 'win32'

test('the published package holds the build, the sources and the papers, nothing else', async () => {
  // Without scripts: the build is there already, and rebuilding would pull it away from others.
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts']
  const { stdout } = await promisify(execFile)('npm', args, { shell })
  const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }]
  const top = new Set(files.map((file) => file.path.replace(/\/.*/, '')))
  expect([...top].sort()).toEqual([
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'dist',
    'package.json',
    'src',
  ])
  const odd = files.filter(
    ({ path }) => !/^[^/]+$|^src\/.+\.ts$|^dist\/.+\.(js|d\.ts)(\.map)?$/.test(path),
  )
  expect(odd).toEqual([])
})
