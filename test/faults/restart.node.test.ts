import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { type ChatInit, streamChat, streamEvents } from 'chatwire'
import { expect, onTestFinished, test } from 'vitest'
import { checkPromises, run } from '../helpers/run.ts'
import { brief } from '../transport/brief.ts'
import { eventStream } from './serve.ts'

const words = ['The ', 'quick ', 'brown ', 'fox ', 'jumps.']

/** What each request asked to go on from. */
interface Restarting {
  url: string
  ids: (string | undefined)[]
  /** Closes the port and every connection, and opens it again after a while. */
  restart(downMs: number): Promise<void>
}

/** A server that sends the words behind the last event id, then `[DONE]`; it dies as it is told. */
async function restarting(afterWord: (word: number) => unknown): Promise<Restarting> {
  const ids: Restarting['ids'] = []
  let server: Server
  let port = 0

  const respond: RequestListener = async (request, response) => {
    const id = request.headers['last-event-id']
    ids.push(typeof id === 'string' ? id : undefined)
    response.writeHead(200, eventStream)
    response.write('retry: 100\n\n')
    for (let word = Number(id ?? 0); word < words.length; word += 1) {
      response.write(`id: ${word + 1}\ndata: ${JSON.stringify({ text: words[word] })}\n\n`)
      await wait(20)
      await afterWord(word)
      if (response.destroyed) return
    }
    response.end('data: [DONE]\n\n')
  }

  async function listen(): Promise<void> {
    server = createServer(respond).listen(port, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
  }

  async function close(): Promise<void> {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }

  await listen()
  onTestFinished(close)
  return {
    url: `http://127.0.0.1:${port}/`,
    ids,
    async restart(downMs) {
      await close()
      await wait(downMs)
      await listen()
    },
  }
}

test('an answer survives two restarts of its server, and no word is lost or doubled', async () => {
  const dies = new Set([1, 3])
  const server: Restarting = await restarting((word) => {
    if (dies.delete(word)) void server.restart(300)
  })
  const attempts: number[] = []
  const resume: ChatInit['resume'] = ({ attempt, lastEventId, result }) => {
    attempts.push(attempt)
    expect(result.text).toBe(words.slice(0, Number(lastEventId)).join(''))
    return { url: server.url }
  }
  const events = await run(streamChat({ url: server.url, resume }))
  checkPromises(events)
  expect(events.at(-1)).toMatchObject({ finishReason: 'stop', text: words.join('') })
  // While the port was closed, more than one attempt was needed each time.
  expect(attempts.filter((attempt) => attempt === 1)).toHaveLength(2)
  expect(Math.max(...attempts)).toBeGreaterThan(1)
  expect(server.ids).toEqual([undefined, '2', '4'])
})

test('without resume a restart is a network error, and no second request', async () => {
  const server: Restarting = await restarting((word) => {
    if (word === 1) void server.restart(0)
  })
  const events = await run(streamChat({ url: server.url }))
  checkPromises(events)
  expect(brief(events).at(-2)).toBe('error network')
  expect(events.at(-1)).toMatchObject({ text: 'The quick ' })
  expect(server.ids).toEqual([undefined])
})

test('an event stream survives a restart too', async () => {
  const dies = new Set([2])
  const server: Restarting = await restarting((word) => {
    if (dies.delete(word)) void server.restart(250)
  })
  const data: string[] = []
  for await (const event of streamEvents({
    url: server.url,
    resume: () => ({ url: server.url }),
  })) {
    if (event.data === '[DONE]') break
    data.push(`${event.lastEventId} ${event.data}`)
  }
  expect(data).toEqual(words.map((text, index) => `${index + 1} ${JSON.stringify({ text })}`))
})
