import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { streamChat } from 'chatwire'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { askAt } from './ask.ts'
import { startFastapi, whole } from './fastapi-server.ts'
import { findProgram, findPython, freePort, type RunningServer, startProcess } from './process.ts'

const example = new URL('../../examples/servers/nginx/nginx.conf', import.meta.url)
const nginx = findProgram('nginx', ['-v'], 'install nginx-light.')
const python = findPython()

/** Starts nginx with the file of the example, in front of `upstream`. */
async function startNginx(program: string, folder: string, upstream: string) {
  const port = await freePort()
  const config = (await readFile(fileURLToPath(example), 'utf8'))
    .replaceAll('http://127.0.0.1:8788', upstream)
    .replaceAll('127.0.0.1:8080', `127.0.0.1:${port}`)
  await writeFile(join(folder, 'nginx.conf'), config)
  const args = ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr']
  return startProcess(program, args, port)
}

describe.skipIf(nginx === undefined || python === undefined)('nginx in front of a server', () => {
  let folder: string
  let server: RunningServer
  let proxy: RunningServer
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chatwire-nginx-'))
    // Started by root, nginx works as another user.
    await chmod(folder, 0o755)
    server = await startFastapi(python ?? '')
    proxy = await startNginx(nginx ?? '', folder, server.url)
  }, 60_000)
  afterAll(async () => {
    await proxy?.stop()
    await server?.stop()
    await rm(folder, { recursive: true })
  })

  // Through the proxy, too, the server writes no more before it is told that its first text was read.
  it.each([
    ['the proxy buffers nothing', '/api/gated/unbuffered'],
    ['the server forbids it to buffer', '/buffered/gated-header/header'],
  ])('passes text on as it is written where %s', async (_where, path) => {
    const texts: string[] = []
    const url = proxy.url + path
    const timeout = { response: 10_000, content: 10_000 }
    for await (const event of streamChat({ url, method: 'POST', timeout })) {
      if (event.type === 'done') expect(event.finishReason).toBe('stop')
      if (event.type !== 'text') continue
      texts.push(event.text)
      const name = path.split('/').at(-1)
      if (texts.length === 1) await fetch(`${server.url}/happen/${name}`, { method: 'POST' })
    }
    expect(texts).toEqual(['Half', ' an answer'])
  })

  it('passes on whole answers, buffered or not', async () => {
    for (const path of ['/api/chat', '/buffered/chat']) {
      const { events, done } = await askAt(proxy.url + path)
      expect(events).toEqual([{ type: 'text', text: whole }])
      expect(done).toMatchObject({ finishReason: 'stop', usage: { outputTokens: 5 } })
    }
    const { done } = await askAt(`${proxy.url}/api/text`)
    expect(done).toMatchObject({ finishReason: 'unknown', text: whole })
  })

  it('passes on an error and a refusal', async () => {
    const { done } = await askAt(`${proxy.url}/api/error`)
    expect(done).toMatchObject({ text: 'Half', error: { code: 'provider' } })
    const refused = await askAt(`${proxy.url}/api/sign-in`)
    expect(refused.done.error).toMatchObject({ code: 'http', status: 401 })
  })

  it('of which the server drops the connection never ends with stop', async () => {
    for (const path of ['/api/drop', '/api/drop-text']) {
      const { done } = await askAt(proxy.url + path)
      expect(done).toMatchObject({ finishReason: 'error', error: { code: 'network' } })
      expect('Half'.startsWith(done.text)).toBe(true)
    }
    // As it comes, nginx asks in HTTP/1.0, and ends the answer as if the server had ended it.
    const { done } = await askAt(`${proxy.url}/buffered/drop`)
    expect(done).toMatchObject({ finishReason: 'unknown', text: 'Half' })
  })

  it('tells the server when the reader leaves', async () => {
    const url = `${proxy.url}/api/endless/left-proxy`
    for await (const event of streamChat({ url, method: 'POST' })) {
      if (event.type === 'text') break
    }
    const told = await fetch(`${server.url}/await/left-proxy`, { method: 'POST' })
    expect(told.status).toBe(200)
  })

  it('without its server answers with a page that is an error, not an answer', async () => {
    const other = await mkdtemp(join(tmpdir(), 'chatwire-nginx-'))
    await chmod(other, 0o755)
    const lonely = await startNginx(nginx ?? '', other, `http://127.0.0.1:${await freePort()}`)
    const { done } = await askAt(`${lonely.url}/api/chat`)
    await lonely.stop()
    await rm(other, { recursive: true })
    expect(done).toMatchObject({ finishReason: 'error', text: '' })
    expect(done.error).toMatchObject({ code: 'http', status: 502, retryable: true })
  })
})
