import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join } from 'node:path'
import { listen } from '../runtimes/server.ts'

/** What the model answers, in two halves. */
export const halves: readonly [string, string] = ['Hello, ', 'brave new world.']

export interface Model {
  url: string
  /** Lets the second half come, of the page's answer that is under way. */
  goOn(): void
  close(): Promise<void>
}

const types = new Map([
  ['.html', 'text/html; charset=utf-8'],
  ['.js', 'text/javascript'],
])

/**
 * A model that answers as OpenAI-compatible servers do. To a page, at /api/chat, the second half
 * waits for {@link Model.goOn}: a page that shows the first one by then has a stream.
 *
 * @param folder - The page, served next to it.
 */
export async function startModel(folder?: string): Promise<Model> {
  let goOn = (): void => {}
  const server = createServer(async ({ method, url = '/' }, response) => {
    if (method !== 'POST') {
      const path = url === '/' ? '/index.html' : url
      const file = await readFile(join(folder ?? '', path)).catch(() => undefined)
      if (file === undefined) response.writeHead(404).end()
      else response.setHeader('content-type', types.get(extname(path)) ?? 'text/plain').end(file)
      return
    }
    const released = new Promise<void>((resolve) => {
      goOn = resolve
    })
    const send = (delta: object, finish_reason: 'stop' | null = null) =>
      response.write(
        `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason }] })}\n\n`,
      )
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    send({ role: 'assistant', content: halves[0] })
    if (url === '/api/chat') await released
    send({ content: halves[1] })
    send({}, 'stop')
    response.end('data: [DONE]\n\n')
  })
  const url = await listen(server)
  return {
    url,
    goOn: () => goOn(),
    close() {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
