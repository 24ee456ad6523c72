import { existsSync, readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { runNode } from '../examples/run-node.ts'

const folder = new URL('../../examples/servers/', import.meta.url)

// The other tests see the sources, through Vite; who copies an example has neither.
test('every example of a server loads in plain Node, with the built package', async () => {
  if (!existsSync(new URL('../../dist/server.js', import.meta.url))) {
    throw new Error('The examples import the built package: run `npm run build` first.')
  }
  const names = readdirSync(folder).filter((name) => name.endsWith('.ts'))
  const files = names.map((name) => new URL(name, folder).href)
  expect(files.length).toBeGreaterThanOrEqual(10)
  const load = `for (const file of ${JSON.stringify(files)}) {
    const made = Object.values(await import(file)).filter((value) => typeof value === 'function')
    if (made.length === 0) throw new Error(file + ' exports no server')
  }`
  expect(await runNode(['--input-type=module', '--eval', load])).toEqual({
    exitCode: 0,
    stdout: '',
    stderr: '',
  })
})
