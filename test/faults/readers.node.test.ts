import { setTimeout as wait } from 'node:timers/promises'
import type { ChatEvent } from 'chatwire'
import {
  collect,
  isChatError,
  readChat,
  readEvents,
  streamChat,
  streamEvents,
  textOf,
} from 'chatwire'
import { describe, expect, test } from 'vitest'
import { sse } from '../helpers/encode.ts'
import { httpServer, observe, type TestServer, timed } from '../helpers/sockets.ts'
import { brief } from '../transport/brief.ts'

const eventStream = { 'content-type': 'text/event-stream' }
const over = { done: true, value: undefined }
const hi = sse([{ text: 'Hi' }])

/** Sends a text, then nothing, and keeps the connection open. */
const stalling = (): Promise<TestServer> =>
  httpServer((_request, response) => {
    response.writeHead(200, eventStream).write(hi)
  })

test('a stream that nobody reads sends no request, in any form', async () => {
  const server = await stalling()
  streamEvents({ url: server.url })
  textOf(streamChat({ url: server.url }))
  await streamEvents({ url: server.url }).return()
  await textOf(streamChat({ url: server.url })).return()
  await wait(100)
  expect(server.requests()).toBe(0)
  expect(server.sockets()).toBe(0)
})

describe('leaving', () => {
  test('a response that was handed to readChat closes its connection', async () => {
    const server = await stalling()
    for await (const _ of readChat(await fetch(server.url))) break
    await server.allClosed()
    await readChat(await fetch(server.url)).return()
    await server.allClosed()
    await readEvents(await fetch(server.url)).return()
    await server.allClosed()
    expect(server.requests()).toBe(3)
  })

  test('the text of a stream closes its connection', async () => {
    const server = await stalling()
    for await (const text of textOf(streamChat({ url: server.url, buffer: 1 }))) {
      expect(text).toBe('H')
      break
    }
    await server.allClosed()
  })

  test('raw events closes their connection', async () => {
    const server = await stalling()
    const events = streamEvents({ url: server.url })
    expect(await events.next()).toMatchObject({ value: { data: '{"text":"Hi"}' } })
    const waiting = events.next()
    await wait(20)
    expect(await timed(() => events.return())).toBeLessThan(100)
    expect(await waiting).toEqual(over)
    await server.allClosed()
  })
})

describe('an abort', () => {
  test('by AbortSignal.timeout() is a timeout', async () => {
    const server = await stalling()
    const events = await observe(server, { signal: AbortSignal.timeout(100) })
    expect(brief(events)).toEqual(['text Hi', 'error timeout', 'done error: Hi'])
    expect(events.at(-1)).toMatchObject({ error: { phase: 'signal' } })
  })

  test('of raw events throws the reason and closes the connection', async () => {
    const server = await stalling()
    const abort = new AbortController()
    const reason = new Error('stop')
    const loop = async () => {
      for await (const _ of streamEvents({ url: server.url, signal: abort.signal })) {
        setTimeout(() => abort.abort(reason), 20)
      }
    }
    await expect(loop()).rejects.toBe(reason)
    await server.allClosed()
  })

  test('of collect gives what came', async () => {
    const server = await stalling()
    const abort = new AbortController()
    setTimeout(() => abort.abort(), 100)
    const result = await collect(streamChat({ url: server.url, signal: abort.signal }))
    expect(result).toMatchObject({ finishReason: 'aborted', text: 'Hi' })
    await server.allClosed()
  })
})

describe('the type of raw events', () => {
  for (const type of ['text/html', 'application/json', 'text/plain', '']) {
    test(`must not be '${type}', and the connection is closed`, async () => {
      const server = await httpServer((_request, response) => {
        response
          .writeHead(200, type === '' ? {} : { 'content-type': type })
          .write(hi.repeat(10_000))
      })
      const error = await streamEvents({ url: server.url })
        .next()
        .catch((error: unknown) => error)
      expect(isChatError(error) && error.code).toBe('content-type')
      await server.allClosed()
    })
  }
})

describe('many streams', () => {
  const count = 200

  /** Reads that many streams at once on one signal. */
  const readAll = (server: TestServer, signal: AbortSignal): Promise<ChatEvent[][]> =>
    Promise.all(
      Array.from({ length: count }, async () => {
        const events: ChatEvent[] = []
        for await (const event of streamChat({ url: server.url, signal })) events.push(event)
        return events
      }),
    )

  test('on one signal all complete, and leave no listener and no connection', async () => {
    const server = await httpServer(async (_request, response) => {
      response.writeHead(200, eventStream).write(hi)
      await wait(20)
      response.end(sse([{ reasoning: 'x' }, '[DONE]']))
    })
    const { signal } = new AbortController()
    const added: unknown[] = []
    const { addEventListener, removeEventListener } = signal
    Object.assign(signal, {
      addEventListener(...args: Parameters<typeof addEventListener>) {
        added.push(args[1])
        addEventListener.apply(signal, args)
      },
      removeEventListener(...args: Parameters<typeof removeEventListener>) {
        added.splice(added.indexOf(args[1]), 1)
        removeEventListener.apply(signal, args)
      },
    })
    const all = await readAll(server, signal)
    const expected = ['text Hi', 'reasoning x', 'done stop: Hi']
    expect(all.map(brief)).toEqual(Array.from({ length: count }, () => expected))
    expect(added).toEqual([])
    await server.allClosed()
    expect(server.requests()).toBe(count)
  })

  test('on one signal are all aborted at once', async () => {
    const server = await stalling()
    const abort = new AbortController()
    const reading = readAll(server, abort.signal)
    while (server.requests() < count) await wait(10)
    await wait(100)
    abort.abort()
    const expected = ['text Hi', 'done aborted: Hi']
    expect((await reading).map(brief)).toEqual(Array.from({ length: count }, () => expected))
    await server.allClosed()
  })
})
