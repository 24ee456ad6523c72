import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { sse } from '../helpers/encode.ts'
import { httpServer } from '../helpers/sockets.ts'

const program = fileURLToPath(new URL('exit.ts', import.meta.url))

/** What the server sends before it falls silent; the connection stays open. */
const bodies: Record<string, string> = {
  done: sse([{ text: 'one two' }, '[DONE]']),
  error: sse([{ text: 'one two' }, { error: 'busy' }]),
  abort: sse([{ text: 'one two' }]),
  break: sse([{ text: 'one two' }]),
  return: sse([{ text: 'one two' }]),
  unread: '',
}

describe('a program exits by itself within a second, with every clock of the stream on', () => {
  for (const [way, body] of Object.entries(bodies)) {
    test(`after ${way}`, async () => {
      const server = await httpServer((_request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write(body)
      })
      const child = spawn(process.execPath, ['--no-warnings', program, server.url, way])
      onTestFinished(() => {
        child.kill()
      })
      let leftAt = 0
      let output = ''
      child.stdout.on('data', (chunk) => {
        if (output === '') leftAt = performance.now()
        output += chunk
      })
      child.stderr.on('data', (chunk) => {
        output += chunk
      })
      const [code] = await once(child, 'close')
      expect(output).toBe('left\n')
      expect(code).toBe(0)
      expect(performance.now() - leftAt).toBeLessThan(1000)
      expect(server.requests()).toBe(way === 'unread' ? 0 : 1)
      await server.allClosed()
    })
  }
})
