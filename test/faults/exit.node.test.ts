import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { sse } from '../helpers/encode.ts'
import { startHttp } from '../helpers/server.ts'
import { scenarios } from './scenarios.ts'

/** Runs a program; tells what it said, and how long it took to exit after it had said it. */
async function exitOf(program: URL, ...args: string[]) {
  const child = spawn(process.execPath, ['--no-warnings', fileURLToPath(program), ...args])
  let output = ''
  let saidAt = 0
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      saidAt = performance.now()
      output += chunk
    })
  }
  // A program that does not exit by itself is ended, and has no exit code then.
  const late = setTimeout(() => child.kill(), 20_000)
  const [code] = await once(child, 'close')
  clearTimeout(late)
  return { code, output, tookMs: performance.now() - saidAt }
}

/** What the server sends before it falls silent; the connection stays open. */
const bodies: Record<string, string> = {
  done: sse([{ text: 'one two' }, '[DONE]']),
  error: sse([{ text: 'one two' }, { error: 'busy' }]),
  abort: sse([{ text: 'one two' }]),
  break: sse([{ text: 'one two' }]),
  return: sse([{ text: 'one two' }]),
  unread: '',
}

describe.concurrent('a program exits by itself within half a second', () => {
  for (const [way, body] of Object.entries(bodies)) {
    test(`after ${way}, with every clock of the stream on`, async () => {
      const server = await startHttp((_request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write(body)
      })
      try {
        const { code, output, tookMs } = await exitOf(
          new URL('exit.ts', import.meta.url),
          server.url,
          way,
        )
        expect(output).toBe('left\n')
        expect(code).toBe(0)
        expect(tookMs).toBeLessThan(500)
        expect(server.requests()).toBe(way === 'unread' ? 0 : 1)
        await server.allClosed()
      } finally {
        await server.close()
      }
    })
  }

  test('after every scenario there is, with nothing left that keeps it alive', async () => {
    const { code, output, tookMs } = await exitOf(new URL('every.ts', import.meta.url))
    const count = Object.values(scenarios).flat().length
    expect(output).toBe(`${count} scenarios, alive: \n`)
    expect(code).toBe(0)
    expect(tookMs).toBeLessThan(500)
  })
})
