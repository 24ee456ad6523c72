import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { findProgram } from '../install.ts'
import { listen } from '../server.ts'
import { runInPage } from './page.ts'
import type { Runtime } from './runtime.ts'

/** WebKitGTK, the WebKit that runs on Linux, driven by its own WebDriver. */
export const webkit: Runtime = {
  name: 'webkit',
  async prepare() {
    const program = await findProgram('WebKitWebDriver')
    const version = await withSession(program, async ({ version }) => version)
    return {
      version,
      run: (url) =>
        withSession(program, (session) =>
          runInPage(
            {
              goTo: (address) => session.post('/url', { url: address }),
              evaluate: (expression) =>
                session.post('/execute/sync', { script: `return ${expression}`, args: [] }),
            },
            url,
          ),
        ),
    }
  },
}

interface Session {
  version: string
  post(path: string, body: unknown): Promise<unknown>
}

/** Starts a display if there is none, the driver and a browser; stops them all afterwards. */
async function withSession<T>(program: string, use: (session: Session) => Promise<T>): Promise<T> {
  const children: ChildProcess[] = []
  try {
    const display = process.env['DISPLAY'] ?? (await startDisplay(children))
    const port = await freePort()
    const driver = spawn(program, [`--port=${port}`, '--host=127.0.0.1'], {
      stdio: 'ignore',
      env: { ...process.env, DISPLAY: display },
    })
    children.push(driver)
    const url = `http://127.0.0.1:${port}`
    await untilReady(url)
    const { sessionId, capabilities } = await call<NewSession>('POST', `${url}/session`, {
      capabilities: { alwaysMatch: {} },
    })
    const at = `${url}/session/${sessionId}`
    try {
      const { browserVersion } = capabilities
      return await use({
        version: browserVersion,
        post: (path, body) => call('POST', at + path, body),
      })
    } finally {
      await call('DELETE', at)
    }
  } finally {
    for (const child of children.reverse()) child.kill()
  }
}

interface NewSession {
  sessionId: string
  capabilities: { browserVersion: string }
}

/** One command of the WebDriver protocol; throws its error. */
async function call<T>(method: string, url: string, body?: unknown): Promise<T> {
  const response = await fetch(url, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const { value } = (await response.json()) as { value: T & { message?: string } }
  if (!response.ok) throw new Error(`WebDriver: ${value?.message ?? response.status}`)
  return value
}

async function untilReady(url: string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const ready = await call(`GET`, `${url}/status`).then(
      () => true,
      () => false,
    )
    if (ready) return
    await wait(100)
  }
  throw new Error('WebKitWebDriver does not answer')
}

/** A display that is a piece of memory; the server itself chooses its number. */
async function startDisplay(children: ChildProcess[]): Promise<string> {
  const args = ['-displayfd', '1', '-screen', '0', '1024x768x24', '-nolisten', 'tcp']
  const xvfb = spawn(await findProgram('Xvfb'), args, { stdio: ['ignore', 'pipe', 'ignore'] })
  children.push(xvfb)
  const [number] = await once(xvfb.stdout, 'data', { signal: AbortSignal.timeout(10_000) })
  return `:${String(number).trim()}`
}

async function freePort(): Promise<string> {
  const server = createServer()
  const url = await listen(server)
  await new Promise((resolve) => server.close(resolve))
  return new URL(url).port
}
