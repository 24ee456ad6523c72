import { equal, match } from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { streamChat } from 'chatwire'
import { listen } from '../runtimes/server.ts'
import { halves, type Model, startModel } from './model.ts'
import { askInPage } from './page.ts'
import { createProject, environment, runNode, versionOf } from './project.ts'

const command = 'node_modules/next/dist/bin/next'

/** How long the server may take to start, and the route for each half, in milliseconds. */
const MAX_WAIT_MS = 30_000

/** An app of Next: the chat in a client component, and a route that passes the model's answer on. */
export async function checkNext(folder: string, tarball: string): Promise<string> {
  await createProject(folder, 'next', [tarball, 'next@16', 'react@19', 'react-dom@19'])
  await cp(new URL('projects/Chat.jsx', import.meta.url), join(folder, 'Chat.jsx'))
  await runNode(folder, command, 'build')
  const model = await startModel()
  try {
    await withServer(folder, model, async (url) => {
      const html = await (await fetch(url)).text()
      match(html, /<main><button type="button">Ask<\/button><\/main>/)
      equal(await askRoute(new URL('api/chat', url), model), `stop: ${halves.join('')}`)
      await askInPage(url, model)
    })
  } finally {
    await model.close()
  }
  return `built and served by Next ${await versionOf(folder, 'next')}, its page rendered, its route streamed to Node and Chromium`
}

/** Asks the route; what comes of the second half has to wait until the first one is here. */
async function askRoute(url: URL, model: Model): Promise<string> {
  let text = ''
  const timeout = { response: MAX_WAIT_MS, content: MAX_WAIT_MS }
  for await (const event of streamChat({ url, json: {}, timeout })) {
    if (event.type === 'error') throw event.error
    if (event.type === 'done') return `${event.finishReason}: ${text}`
    if (event.type === 'text') text += event.text
    if (text === halves[0]) model.goOn()
  }
  return text
}

/** Runs `next start` for as long as `use` takes. */
async function withServer(
  folder: string,
  model: Model,
  use: (url: string) => Promise<void>,
): Promise<void> {
  const url = await freeUrl()
  const { hostname, port } = new URL(url)
  const server = spawn(process.execPath, [command, 'start', '-H', hostname, '-p', port], {
    cwd: folder,
    env: { ...environment, MODEL_URL: `${model.url}api/chat` },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const exited = once(server, 'exit')
  try {
    const deadline = Date.now() + MAX_WAIT_MS
    while (!(await isUp(url))) {
      if (server.exitCode !== null || Date.now() > deadline) throw new Error('next does not start')
      await wait(50)
    }
    await use(url)
  } finally {
    server.kill()
    await exited
  }
}

function isUp(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ ok }) => ok,
    () => false,
  )
}

/** An address that was free a moment ago. */
async function freeUrl(): Promise<string> {
  const server = createServer()
  const url = await listen(server)
  await new Promise((resolve) => server.close(resolve))
  return url
}
