import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { folder, install } from '../install.ts'
import { type Runtime, readReports } from './runtime.ts'

/** The part of miniflare that is used here. */
interface MiniflareModule {
  Miniflare: new (options: {
    modules: boolean
    scriptPath: string
    compatibilityDate: string
    handleRuntimeStdio(stdout: Readable, stderr: Readable): void
  }) => {
    ready: Promise<URL>
    dispatchFetch(url: string): Promise<Response>
    dispose(): Promise<void>
  }
  supportedCompatibilityDate: string
}

/** workerd, the runtime of Cloudflare Workers, with miniflare to start it. */
export const workerd: Runtime = {
  name: 'workerd',
  async prepare() {
    const installed = await install('workerd', { miniflare: '4' })
    const module = (await installed.import('miniflare')) as MiniflareModule
    const { Miniflare, supportedCompatibilityDate } = module
    return {
      version: await installed.version('workerd'),
      async run(url) {
        const worker = new Miniflare({
          modules: true,
          scriptPath: join(folder, 'bundle/entry-worker.js'),
          compatibilityDate: supportedCompatibilityDate,
          // It logs what the scenarios do to its connections.
          handleRuntimeStdio(stdout, stderr) {
            stdout.resume()
            stderr.resume()
          },
        })
        try {
          await worker.ready
          const response = await worker.dispatchFetch(`http://worker.test/?server=${url}`)
          if (!response.ok) throw new Error(await response.text())
          return readReports(await response.json())
        } finally {
          await worker.dispose()
        }
      },
    }
  },
}
