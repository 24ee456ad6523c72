import { setTimeout as wait } from 'node:timers/promises'
import type { ChatEvent } from 'chatwire'
import { collect, readChat, readEvents, streamChat, streamEvents, textOf } from 'chatwire'
import { describe, expect, test } from 'vitest'
import { sse } from '../helpers/encode.ts'
import { httpServer, observe, type TestServer, tcpServer, timed } from '../helpers/sockets.ts'
import { brief } from '../transport/brief.ts'

const eventStream = { 'content-type': 'text/event-stream' }
const over = { done: true, value: undefined }
const hi = sse([{ text: 'Hi' }])

/** Sends a text, then nothing, and keeps the connection open. */
const stalling = (): Promise<TestServer> =>
  httpServer((_request, response) => {
    response.writeHead(200, eventStream).write(hi)
  })

/** Takes a request and never answers. */
const silent = (): Promise<TestServer> => tcpServer(() => undefined)

describe('a stream that nobody reads', () => {
  test('sends no request', async () => {
    const server = await stalling()
    streamChat({ url: server.url })
    const stream = streamChat({ url: server.url })
    stream[Symbol.asyncIterator]()
    await stream.return()
    streamEvents({ url: server.url })
    textOf(streamChat({ url: server.url }))
    await wait(100)
    expect(server.requests()).toBe(0)
    expect(server.sockets()).toBe(0)
  })
})

describe('leaving', () => {
  test('by break closes the connection', async () => {
    const server = await stalling()
    const events = await observe(server, {}, () => 'leave')
    expect(brief(events)).toEqual(['text Hi'])
  })

  test('by throwing in the loop closes the connection', async () => {
    const server = await stalling()
    const loop = async () => {
      for await (const _ of streamChat({ url: server.url })) throw new Error('in the loop')
    }
    await expect(loop()).rejects.toThrow('in the loop')
    await server.allClosed()
  })

  test('by return() during a read that stalls takes less than 100 ms', async () => {
    const server = await stalling()
    const stream = streamChat({ url: server.url })
    expect(await stream.next()).toEqual({ done: false, value: { type: 'text', text: 'Hi' } })
    const waiting = stream.next()
    await wait(50)
    const time = await timed(async () => {
      expect(await stream.return()).toEqual(over)
      expect(await waiting).toEqual(over)
    })
    expect(time).toBeLessThan(100)
    await server.allClosed()
  })

  test('by return() before the headers takes less than 100 ms', async () => {
    const server = await silent()
    const stream = streamChat({ url: server.url })
    const waiting = stream.next()
    await wait(50)
    expect(server.requests()).toBe(1)
    const time = await timed(async () => {
      expect(await stream.return()).toEqual(over)
      expect(await waiting).toEqual(over)
    })
    expect(time).toBeLessThan(100)
    await server.allClosed()
  })

  test('by return() in the turn of the first next() leaves no connection behind', async () => {
    const server = await stalling()
    const stream = streamChat({ url: server.url })
    const waiting = stream.next()
    await stream.return()
    expect(await waiting).toEqual(over)
    await wait(50)
    await server.allClosed()
  })

  test('while the server writes without end closes the connection', async () => {
    const server = await httpServer(async (_request, response) => {
      response.writeHead(200, eventStream)
      while (!response.destroyed) {
        response.write(hi.repeat(100))
        await wait(1)
      }
    })
    let count = 0
    await observe(server, {}, () => {
      count += 1
      return count === 3 ? 'leave' : undefined
    })
    expect(count).toBe(3)
  })

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
  const reasons: Record<string, unknown> = {
    'without a reason': undefined,
    'with an Error': new Error('stop'),
    'with a string': 'stop',
  }
  for (const [name, reason] of Object.entries(reasons)) {
    test(`${name}, during a stall, ends with the text that came, in less than 100 ms`, async () => {
      const server = await stalling()
      let abortedAt = 0
      const events = await observe(server, {}, (_event, abort) => {
        // When the loop waits for the next event again.
        if (abortedAt === 0) {
          setTimeout(() => {
            abortedAt = performance.now()
            abort.abort(reason)
          }, 30)
          abortedAt = -1
        } else if (abortedAt > 0) {
          expect(performance.now() - abortedAt).toBeLessThan(100)
        }
      })
      expect(brief(events)).toEqual(['text Hi', 'done aborted: Hi'])
    })

    test(`${name}, before the headers, closes the connection`, async () => {
      const server = await silent()
      const abort = new AbortController()
      const { signal } = abort
      setTimeout(() => abort.abort(reason), 30)
      expect(brief(await observe(server, { signal }))).toEqual(['done aborted: '])
      expect(server.requests()).toBe(1)
    })
  }

  test('in the loop body, of three events in one packet, lets out no other', async () => {
    const server = await tcpServer((socket) => {
      const body = sse([{ text: 'a' }, { reasoning: 'b' }, { text: 'c' }])
      socket.write(
        `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n${body}`,
      )
    })
    const events = await observe(server, {}, (event, abort) => {
      if (event.type === 'text') abort.abort()
    })
    expect(brief(events)).toEqual(['text a', 'done aborted: ac'])
    expect(events.at(-1)).toMatchObject({ reasoning: 'b' })
  })

  test('before the call opens no connection', async () => {
    const server = await stalling()
    const events = await observe(server, { signal: AbortSignal.abort() })
    expect(brief(events)).toEqual(['done aborted: '])
    expect(server.requests()).toBe(0)
  })

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
