import { equal } from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { halves, startModel } from './model.ts'
import { createProject, install, runNode, versionOf } from './project.ts'

const frameworks = ['react@19', 'vue@3', 'svelte@5']
const answer = halves.join('')

/** What the program prints. */
const said = [
  ...Array.from({ length: 3 }, () => `stop: ${answer}\n`),
  ...Array.from({ length: 2 }, () => `idle: ${answer}\n`),
  'truncated: Hi\n',
].join('')

/** How users have TypeScript resolve packages, by the name of the setting. */
const resolutions: Readonly<Record<string, string>> = { nodenext: 'NodeNext', bundler: 'ESNext' }

/**
 * A project without a bundler: first with nothing but the package, then with the frameworks and
 * with TypeScript.
 */
export async function checkNode(folder: string, tarball: string): Promise<string> {
  await createProject(folder, 'node', [tarball])
  const installed = (await readdir(join(folder, 'node_modules'))).filter((name) => name[0] !== '.')
  equal(installed.join(), 'chatwire,eventsource-parser', 'what is installed with the package')

  const names = await entriesOf(folder)
  const isNeutral = (name: string) => !/react|vue|svelte/.test(name)
  await runNode(folder, 'entries.cjs', ...names.filter(isNeutral))
  const model = await startModel()
  try {
    equal(await runNode(folder, 'program.mts', model.url), said)
  } finally {
    await model.close()
  }

  await install(folder, [...frameworks, 'typescript@5', '@types/react@19'])
  await runNode(folder, 'entries.cjs', ...names)
  await Promise.all(Object.keys(resolutions).map((resolution) => typeCheck(folder, resolution)))
  const checked = `types checked by TypeScript ${await versionOf(folder, 'typescript')}`
  return `${names.length} entries imported and required, a program run, ${checked}`
}

/** The entries that the installed package says it has. */
async function entriesOf(folder: string): Promise<string[]> {
  const manifest = await readFile(join(folder, 'node_modules/chatwire/package.json'), 'utf8')
  const { exports } = JSON.parse(manifest) as { exports: Record<string, unknown> }
  return Object.keys(exports)
    .filter((path) => path !== './package.json')
    .map((path) => `chatwire${path.slice(1)}`)
}

/** As strict as can be: nothing in the declarations of the package, nor of the frameworks, is skipped. */
async function typeCheck(folder: string, moduleResolution: string): Promise<void> {
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    module: resolutions[moduleResolution],
    moduleResolution,
    target: 'ES2022',
    lib: ['ES2022', 'ESNext.Disposable', 'DOM', 'DOM.Iterable', 'DOM.AsyncIterable'],
    types: [],
    noEmit: true,
  }
  const config = { compilerOptions, files: ['program.mts', 'frameworks.mts'] }
  const file = `tsconfig.${moduleResolution}.json`
  await writeFile(join(folder, file), JSON.stringify(config))
  await runNode(folder, 'node_modules/typescript/bin/tsc', '-p', file, '--pretty', 'false')
}
