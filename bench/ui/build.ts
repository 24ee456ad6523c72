import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { build } from 'vite'

/** Where the AI SDK is installed, for the benchmark alone. */
const elsewhere = fileURLToPath(new URL('../../.tmp/bench-ui', import.meta.url))
const manifest = { private: true, dependencies: { '@ai-sdk/react': '4.0.177' } }

/** Installs what is compared with, unless it is there. React is that of the repository. */
async function installOthers(): Promise<void> {
  if (existsSync(`${elsewhere}/node_modules/@ai-sdk/react`)) return
  await mkdir(elsewhere, { recursive: true })
  await writeFile(`${elsewhere}/package.json`, JSON.stringify(manifest))
  console.log('Installing @ai-sdk/react into .tmp/bench-ui …')
  const flags = ['--legacy-peer-deps', '--ignore-scripts', '--no-audit', '--no-fund']
  const { status } = spawnSync('npm', ['install', ...flags], { cwd: elsewhere, stdio: 'inherit' })
  if (status !== 0) throw new Error('@ai-sdk/react could not be installed.')
}

/** Builds the page with all hooks, as an app would be for production; its files by their names. */
export async function buildPage(): Promise<Map<string, string | Uint8Array>> {
  await installOthers()
  const modules = `${elsewhere}/node_modules`
  const built = await build({
    configFile: false,
    root: fileURLToPath(new URL('page', import.meta.url)),
    logLevel: 'error',
    plugins: [react()],
    resolve: {
      alias: { '@ai-sdk/react': `${modules}/@ai-sdk/react`, ai: `${modules}/ai` },
      dedupe: ['react', 'react-dom'],
    },
    build: { write: false, target: 'esnext', modulePreload: false },
  })
  if (!('output' in built)) throw new TypeError('One page is one build.')
  return new Map(
    built.output.map((file) => [
      `/${file.fileName}`,
      file.type === 'chunk' ? file.code : file.source,
    ]),
  )
}
