import type { ServerResponse } from 'node:http'
import { createServer as createHttp2Server, connect as http2Connect } from 'node:http2'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { type ChatError, collect, readChat, streamChat } from 'chatwire'
import { type ChatEventInit, type WriteChatInit, writeChat } from 'chatwire/server'
import { describe, expect, onTestFinished, test } from 'vitest'
import { httpServer, type TestServer } from '../helpers/sockets.ts'
import { DONE, payloadsOf, type Upstream, upstream } from './wire.ts'

const stop = '{"done":true,"finishReason":"stop","rawFinishReason":null}'
const failed = '{"done":true,"finishReason":"error","rawFinishReason":null}'
const events = ['drain', 'finish', 'error', 'close']

/** Waits until something holds, and fails if that takes longer than the time given. */
async function within(ms: number, rule: string, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + ms
  while (!holds()) {
    expect(performance.now(), `${rule} within ${ms} ms`).toBeLessThan(deadline)
    await wait(5)
  }
}

interface Served extends TestServer {
  /** How many answers are over, as `writeChat` says. */
  over(): number
  /** The responses that were asked for. */
  responses: ServerResponse[]
}

/** A server that writes these events, and checks that nothing of ours is left on the response. */
async function serve(
  events_: AsyncIterable<ChatEventInit>,
  init?: WriteChatInit,
  prepare: (response: ServerResponse) => void = () => {},
): Promise<Served> {
  let over = 0
  const responses: ServerResponse[] = []
  const server = await httpServer(async (_request, response) => {
    responses.push(response)
    prepare(response)
    const count = () => events.map((event) => response.listenerCount(event))
    const before = count()
    await writeChat(events_, response, init)
    expect(count()).toEqual(before)
    over += 1
  })
  return { ...server, over: () => over, responses }
}

/** A client on a bare socket: it reads only when told to. */
async function rawClient({ url }: TestServer): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.on('error', () => undefined)
  onTestFinished(() => {
    socket.destroy()
  })
  socket.pause()
  socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  return socket
}

describe('an answer', () => {
  test('is written whole, and the promise resolves when it is over', async () => {
    const server = await serve(upstream(['Hel', 'lo', { type: 'done' }]))
    const response = await fetch(server.url)
    expect(response.status).toBe(200)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    })
    expect(payloadsOf(await response.text())).toEqual([
      '{"text":"Hel"}',
      '{"text":"lo"}',
      stop,
      DONE,
    ])
    await within(10_000, 'writeChat resolves', () => server.over() === 1)
  })

  test('of another server is streamed on', async () => {
    const origin = await serve(
      upstream([
        { type: 'tool-call', id: 't', name: 'f', input: {}, inputText: '{}' },
        { type: 'done', finishReason: 'tool-calls', model: 'small' },
      ]),
    )
    const server = await serve(streamChat({ url: origin.url }))
    const { toolCalls, finishReason, model } = await collect(streamChat({ url: server.url }))
    expect(toolCalls).toEqual([{ id: 't', name: 'f', input: {}, inputText: '{}' }])
    expect([finishReason, model]).toEqual(['tool-calls', 'small'])
  })

  test('that fails midway is an error with its end, and no rejection', async () => {
    const reasons: unknown[] = []
    const thrown = new Error('SECRET')
    const server = await serve(upstream(['a'], { error: thrown }), {
      onError: (error) => reasons.push(error),
    })
    const wire = await (await fetch(server.url)).text()
    expect(payloadsOf(wire)).toEqual([
      '{"text":"a"}',
      '{"error":"The server could not complete the answer.","retryable":false}',
      failed,
      DONE,
    ])
    await within(10_000, 'writeChat resolves', () => server.over() === 1)
    expect(reasons).toEqual([thrown])
  })

  test('that is refused says so to the client, after headers of status 200', async () => {
    const origin = await httpServer((_request, response) => {
      response.writeHead(401).end('{"error":{"message":"Bad key sk-SECRET"}}')
    })
    const server = await serve(streamChat({ url: origin.url }))
    await expect(collect(streamChat({ url: server.url }))).rejects.toMatchObject({
      code: 'provider',
      providerCode: 'http',
      message: 'The provider answered with status 401.',
      retryable: false,
    } satisfies Partial<ChatError>)
  })
})

describe('the head', () => {
  test('goes out at once, before there is any event', async () => {
    const server = await serve(upstream([], 'stall'))
    const response = await fetch(server.url)
    expect(response.status).toBe(200)
    await response.body?.cancel()
    await server.allClosed()
  })

  test('keeps what was set before, and takes what is given, but not the content type', async () => {
    const server = await serve(
      upstream([]),
      {
        status: 201,
        headers: { 'X-Own': '1', 'Set-Cookie': ['a=1', 'b=2'], 'Content-Type': 'text/plain' },
      },
      (response) => response.setHeader('Cache-Control', 'no-store'),
    )
    const response = await fetch(server.url)
    expect(response.status).toBe(201)
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-own': '1',
    })
    await response.text()
  })

  test('may have been sent already', async () => {
    const server = await serve(upstream(['a']), {}, (response) => {
      response.writeHead(202, { 'content-type': 'text/event-stream', 'x-own': '1' })
    })
    const response = await fetch(server.url)
    expect([response.status, response.headers.get('x-own')]).toEqual([202, '1'])
    expect(payloadsOf(await response.text())[0]).toBe('{"text":"a"}')
  })
})

describe('a slow client', () => {
  const text = 'x'.repeat(64 * 1024)
  /** Events without end; it stops asking only when nobody takes them. */
  const endless = (): Upstream =>
    upstream(
      (function* () {
        for (;;) yield text
      })(),
    )

  /** Waits until no more events are asked for. */
  async function stalled(source: Upstream): Promise<number> {
    const deadline = performance.now() + 20_000
    for (;;) {
      const before = source.asked()
      await wait(300)
      if (before > 0 && source.asked() === before) return before
      expect(performance.now(), 'the events stall').toBeLessThan(deadline)
    }
  }

  test('makes the events wait, in bounded memory, and gets more as it reads', async () => {
    const source = endless()
    const server = await serve(source)
    const socket = await rawClient(server)
    const asked = await stalled(source)
    const [response] = server.responses
    expect(response?.writableLength).toBeLessThan(4 * text.length)
    expect(response?.writableNeedDrain).toBe(true)
    socket.resume()
    await within(10_000, 'more is asked for', () => source.asked() > asked + 100)
    socket.destroy()
    await within(1000, 'the events are closed', () => source.closed() === 1)
    await within(10_000, 'writeChat resolves', () => server.over() === 1)
  })

  test('that leaves while it is waited for closes the events', async () => {
    const source = endless()
    const server = await serve(source)
    const socket = await rawClient(server)
    await stalled(source)
    socket.resetAndDestroy()
    await within(1000, 'the events are closed', () => source.closed() === 1)
    await within(10_000, 'writeChat resolves', () => server.over() === 1)
  })
})

describe('a client that leaves', () => {
  test('closes the events within a second, though the next one is awaited', async () => {
    const source = upstream(['a'], 'stall')
    const server = await serve(source)
    const socket = await rawClient(server)
    await within(10_000, 'the second event is asked for', () => source.asked() === 2)
    socket.destroy()
    await within(1000, 'the events are closed', () => source.closed() === 1)
    await within(10_000, 'writeChat resolves', () => server.over() === 1)
    await server.allClosed()
    expect([source.asked(), source.closed()]).toEqual([2, 1])
  })

  test('closes the request that the events come from', async () => {
    const origin = await serve(upstream(['a'], 'stall'))
    const server = await serve(streamChat({ url: origin.url }))
    const stream = streamChat({ url: server.url })
    expect(await stream.next()).toMatchObject({ value: { text: 'a' } })
    expect(origin.sockets()).toBe(1)
    await stream.return()
    await Promise.all([server.allClosed(), origin.allClosed()])
    await within(10_000, 'both are over', () => server.over() === 1 && origin.over() === 1)
  })

  test('before the answer began closes the events unread', async () => {
    const source = upstream(['a'])
    let isOver = false
    const server = await httpServer(async (_request, response) => {
      await new Promise((resolve) => response.on('close', resolve))
      await writeChat(source, response)
      isOver = true
    })
    const socket = await rawClient(server)
    await within(10_000, 'the request arrives', () => server.requests() === 1)
    socket.destroy()
    await within(10_000, 'writeChat resolves', () => isOver)
    expect([source.asked(), source.closed()]).toEqual([0, 1])
  })

  test('and a response that was ended already are the same', async () => {
    const source = upstream(['a'])
    const server = await serve(source, {}, (response) => response.end())
    expect(await (await fetch(server.url)).text()).toBe('')
    await within(10_000, 'writeChat resolves', () => server.over() === 1)
    expect([source.asked(), source.closed()]).toEqual([0, 1])
  })

  test('a hundred times leaves nothing behind', async () => {
    const sources: Upstream[] = []
    let over = 0
    const server = await httpServer(async (_request, response) => {
      const source = upstream(['a'], 'stall')
      sources.push(source)
      await writeChat(source, response)
      over += 1
    })
    for (let round = 0; round < 100; round += 1) {
      for await (const _ of streamChat({ url: server.url })) break
    }
    await server.allClosed()
    await within(10_000, 'all are over', () => over === 100)
    expect(sources.map((source) => source.closed())).toEqual(sources.map(() => 1))
  })
})

describe('the heartbeat', () => {
  test('keeps a connection from looking dead', async () => {
    const server = await serve(upstream(['a'], 'stall'), { heartbeatMs: 40 })
    const comments: string[] = []
    const stream = streamChat({
      url: server.url,
      timeout: { idle: 2000 },
      onFrame: ({ type, data }) => type === 'comment' && comments.push(data),
    })
    expect(await stream.next()).toMatchObject({ value: { text: 'a' } })
    const waiting = stream.next()
    await within(5000, 'three comments came', () => comments.length >= 3)
    expect(new Set(comments)).toEqual(new Set(['keepalive']))
    await stream.return()
    await waiting
    await server.allClosed()
  })
})

describe('wrong arguments', () => {
  test('are a rejection, before anything is written', async () => {
    const reasons: unknown[] = []
    const server = await httpServer(async (_request, response) => {
      for (const [events, init] of [
        [undefined, {}],
        [upstream([]), { heartbeatMs: -1 }],
      ]) {
        await writeChat(events as never, response, init as never).catch((reason) =>
          reasons.push(reason),
        )
      }
      expect(response.headersSent).toBe(false)
      response.end('fine')
    })
    expect(await (await fetch(server.url)).text()).toBe('fine')
    expect(reasons).toEqual([expect.any(TypeError), expect.any(TypeError)])
  })

  test('for the head close the events', async () => {
    const source = upstream(['a'])
    const server = await httpServer(async (_request, response) => {
      const written = writeChat(source, response, { headers: { 'bad name': '1' } })
      await expect(written).rejects.toThrow(TypeError)
      response.end('fine')
    })
    expect(await (await fetch(server.url)).text()).toBe('fine')
    expect([source.asked(), source.closed()]).toEqual([0, 1])
  })
})

describe('over HTTP/2', () => {
  async function http2(source: Upstream) {
    let over = 0
    const server = createHttp2Server(async (_request, response) => {
      await writeChat(source, response)
      over += 1
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const session = http2Connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    onTestFinished(async () => {
      session.destroy()
      await new Promise((resolve) => server.close(resolve))
    })
    return { stream: session.request({ ':path': '/' }), over: () => over }
  }

  test('an answer is written whole', async () => {
    const { stream, over } = await http2(upstream(['a', { type: 'done' }]))
    const { text, finishReason } = await collect(readChat(stream.setEncoding('utf8')))
    expect([text, finishReason]).toEqual(['a', 'stop'])
    await within(10_000, 'writeChat resolves', () => over() === 1)
  })

  test('a client that leaves closes the events', async () => {
    const source = upstream(['a'], 'stall')
    const { stream, over } = await http2(source)
    await within(10_000, 'the second event is asked for', () => source.asked() === 2)
    stream.close()
    await within(1000, 'the events are closed', () => source.closed() === 1)
    await within(10_000, 'writeChat resolves', () => over() === 1)
  })
})
