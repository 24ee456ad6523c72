import { createServer } from 'node:net'
import { performance } from 'node:perf_hooks'
import { setTimeout as wait } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import type { ChatEvent, ChatInit } from 'chatwire'
import { streamChat } from 'chatwire'
import { openaiChat } from 'chatwire/formats'
import { describe, expect, test } from 'vitest'
import { sse } from '../helpers/encode.ts'
import { checkPromises, run } from '../helpers/run.ts'
import { httpServer, observe, rawChunk, rawHead, tcpServer, timed } from '../helpers/sockets.ts'
import { brief, errorOf } from '../transport/brief.ts'
import { delta, finish } from '../transport/feed.ts'

const eventStream = { 'content-type': 'text/event-stream' }
const hi = sse([{ text: 'Hi' }])
const done = sse(['[DONE]'])

describe('a whole answer', () => {
  test('comes over a real socket, cut anywhere', async () => {
    const server = await httpServer(async (_request, response) => {
      response.writeHead(200, eventStream)
      const body = Buffer.from(sse([delta('Hé'), delta('llo 👋🏽'), finish('stop'), '[DONE]']))
      for (let at = 0; at < body.length; at += 23) {
        response.write(body.subarray(at, at + 23))
        await wait(1)
      }
      response.end()
    })
    const events = await observe(server)
    expect(events.at(-1)).toMatchObject({ finishReason: 'stop', text: 'Héllo 👋🏽' })
    expect(server.requests()).toBe(1)
  })

  test('one byte every 5 ms is the same answer, and no silence', async () => {
    const server = await tcpServer(async (socket) => {
      socket.write(rawHead())
      for (const byte of Buffer.from(sse([{ text: 'é\r\n👋' }, '[DONE]']))) {
        socket.write(rawChunk(Uint8Array.of(byte)))
        await wait(5)
      }
      socket.end('0\r\n\r\n')
    })
    const events = await observe(server, { timeout: { idle: 150 } })
    expect(brief(events)).toEqual(['text é\r\n👋', 'done stop: é\r\n👋'])
  })

  test('is sent as a POST of JSON that accepts an event stream', async () => {
    const seen: unknown[] = []
    const server = await httpServer(async (request, response) => {
      const { method, headers } = request
      let body = ''
      for await (const chunk of request) body += chunk
      seen.push(method, headers.accept, headers['content-type'], headers.authorization, body)
      response.writeHead(200, eventStream).end(done)
    })
    await observe(server, { json: { a: 'é' }, headers: { authorization: 'Bearer key' } })
    expect(seen).toEqual([
      'POST',
      'text/event-stream',
      'application/json',
      'Bearer key',
      '{"a":"é"}',
    ])
  })
})

describe('before the headers', () => {
  test('a port that nobody listens on is a network error with the cause', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    await new Promise((resolve) => server.close(resolve))
    const events = await run(streamChat({ url: `http://127.0.0.1:${port}/` }))
    expect(brief(events)).toEqual(['error network', 'done error: '])
    expect(errorOf(events)).toMatchObject({ retryable: true, cause: expect.any(Error) })
    checkPromises(events)
  })

  test('a reset is a network error', async () => {
    const server = await tcpServer((socket) => socket.resetAndDestroy())
    expect(brief(await observe(server))).toEqual(['error network', 'done error: '])
  })

  test('an end is a network error', async () => {
    const server = await tcpServer((socket) => socket.end())
    expect(brief(await observe(server))).toEqual(['error network', 'done error: '])
  })

  test('what is not HTTP is a network error', async () => {
    const server = await tcpServer((socket) => socket.end('NOT HTTP\r\n\r\n'))
    expect(brief(await observe(server))).toEqual(['error network', 'done error: '])
  })

  test('silence is a timeout of phase response, and the connection is closed', async () => {
    const server = await tcpServer(() => undefined)
    const events = await observe(server, { timeout: { response: 100 } })
    expect(brief(events)).toEqual(['error timeout', 'done error: '])
    expect(errorOf(events)).toMatchObject({ phase: 'response', timeoutMs: 100 })
  })

  test('silence after half a head is a timeout too', async () => {
    const server = await tcpServer((socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-ty'))
    const events = await observe(server, { timeout: { response: 100 } })
    expect(errorOf(events)).toMatchObject({ code: 'timeout', phase: 'response' })
  })
})

describe('a stall', () => {
  test('after some text is a timeout of phase idle, and the connection is closed', async () => {
    const server = await httpServer((_request, response) => {
      response.writeHead(200, eventStream).write(hi)
    })
    const events = await observe(server, { timeout: { idle: 100 } })
    expect(brief(events)).toEqual(['text Hi', 'error timeout', 'done error: Hi'])
    expect(errorOf(events)).toMatchObject({ phase: 'idle', timeoutMs: 100 })
  })

  test('right after the headers is one too', async () => {
    const server = await httpServer((_request, response) => {
      response.writeHead(200, eventStream).flushHeaders()
    })
    const events = await observe(server, { timeout: { idle: 100 } })
    expect(brief(events)).toEqual(['error timeout', 'done error: '])
  })

  test('behind keepalives is one of phase content', async () => {
    const server = await httpServer(async (_request, response) => {
      response.writeHead(200, eventStream).write(hi)
      while (!response.destroyed) {
        response.write(': keepalive\n\n')
        await wait(20)
      }
    })
    const events = await observe(server, { timeout: { idle: 100, content: 200 } })
    expect(brief(events)).toEqual(['text Hi', 'error timeout', 'done error: Hi'])
    expect(errorOf(events)).toMatchObject({ phase: 'content' })
  })

  test('is none if it was our own thread that was blocked', async () => {
    let response: { write(text: string): unknown; end(text: string): unknown } | undefined
    const server = await httpServer((_request, given) => {
      response = given
      given.writeHead(200, eventStream).write(hi)
    })
    const events = await observe(server, { timeout: { idle: 100 } }, (event) => {
      if (event.type !== 'text' || event.text !== 'Hi') return
      // On its way in time; but nobody here looks until long after.
      response?.end(sse([{ text: ' there' }, '[DONE]']))
      const start = performance.now()
      while (performance.now() - start < 300);
    })
    expect(brief(events)).toEqual(['text Hi', 'text  there', 'done stop: Hi there'])
  })
})

describe('a reset', () => {
  /** Writes a part of an answer, lets it arrive, and resets the connection. */
  const resetAfter = (...parts: (string | Uint8Array)[]) =>
    tcpServer(async (socket) => {
      for (const part of parts) socket.write(part)
      await wait(50)
      socket.resetAndDestroy()
    })
  const lost = ['text Hi', 'error network', 'done error: Hi']

  test('between two chunks keeps the text before it', async () => {
    expect(brief(await observe(await resetAfter(rawHead(), rawChunk(hi))))).toEqual(lost)
  })

  test('inside a chunk lets out no part of a frame', async () => {
    const server = await resetAfter(rawHead(), rawChunk(hi), 'ff\r\ndata: {"text":"never')
    expect(brief(await observe(server))).toEqual(lost)
  })

  test('inside a character lets out no half of it', async () => {
    const half = Buffer.from('data: {"text":"é').subarray(0, -1)
    const server = await resetAfter(rawHead(), rawChunk(hi), 'ff\r\n', half)
    expect(brief(await observe(server))).toEqual(lost)
  })

  test('between CR and LF keeps the frame before it', async () => {
    const server = await resetAfter(rawHead(), rawChunk('data: {"text":"Hi"}\r\n\r'))
    expect(brief(await observe(server))).toEqual(lost)
  })

  test('right after the headers is an error without text', async () => {
    expect(brief(await observe(await resetAfter(rawHead())))).toEqual([
      'error network',
      'done error: ',
    ])
  })

  test('after the finish reason ends with that reason', async () => {
    const body = sse([delta('Hi'), finish('length')])
    const events = await observe(await resetAfter(rawHead(), rawChunk(body)))
    expect(brief(events)).toEqual(['text Hi', 'done length: Hi'])
  })

  test('while events wait unread delivers all of them, then the error', async () => {
    const parts = [hi, sse([{ reasoning: 'Hm' }]), sse([{ text: ' the' }]), sse([{ text: 're' }])]
    const server = await tcpServer(async (socket) => {
      socket.write(rawHead())
      for (const part of parts) {
        socket.write(rawChunk(part))
        await wait(20)
      }
      await wait(40)
      socket.resetAndDestroy()
    })
    let isFirst = true
    const events = await observe(server, {}, () => {
      if (!isFirst) return undefined
      isFirst = false
      return wait(400)
    })
    expect(brief(events)).toEqual([
      'text Hi',
      'reasoning Hm',
      'text  there',
      'error network',
      'done error: Hi there',
    ])
  })

  test('at every single byte of an answer keeps exactly the whole frames before it', async () => {
    const frames = [{ text: 'é' }, { text: '👋' }, { reasoning: 'x' }].map((frame) => sse([frame]))
    const body = Buffer.from(frames.join(''))
    const server = await tcpServer(async (socket, head) => {
      const cut = Number(/cut=(\d+)/.exec(head)?.[1])
      // One chunk of the whole length, so that the end of what came is no end of the body.
      socket.write(`${rawHead()}${body.length.toString(16)}\r\n`)
      socket.write(body.subarray(0, cut))
      await wait(100)
      socket.resetAndDestroy()
    })
    const ends = frames.map((_, index) => Buffer.byteLength(frames.slice(0, index + 1).join('')))
    const cuts = Array.from({ length: body.length + 1 }, (_, cut) => cut)
    await Promise.all(
      cuts.map(async (cut) => {
        const events = await run(streamChat({ url: `${server.url}?cut=${cut}` }))
        checkPromises(events)
        const whole = ends.filter((end) => end <= cut).length
        const last = events.at(-1)
        expect(errorOf(events).code, `cut at ${cut}`).toBe('network')
        expect(last, `cut at ${cut}`).toMatchObject({
          text: ['', 'é', 'é👋', 'é👋'][whole],
          reasoning: whole === 3 ? 'x' : '',
        })
      }),
    )
    await server.allClosed()
  })
})

describe('an end that came too early', () => {
  const endings: Record<string, { head: string; body: string | Uint8Array; code: RegExp }> = {
    'without the last chunk': { head: rawHead(), body: rawChunk(hi), code: /^network$/ },
    'inside a chunk': {
      head: rawHead(),
      body: Buffer.concat([rawChunk(hi), Buffer.from('ff\r\ndata: {"te')]),
      code: /^network$/,
    },
    'with a bad chunk size': {
      head: rawHead(),
      body: Buffer.concat([rawChunk(hi), Buffer.from('zz\r\nwhat\r\n')]),
      code: /^network$/,
    },
    'before its Content-Length': {
      head: rawHead('content-length: 1000'),
      body: hi,
      code: /^network$/,
    },
    'of a body that the end of the connection delimits': {
      head: rawHead('connection: close'),
      body: `${sse([delta('Hi')])}data: {"choices"`,
      code: /^truncated$/,
    },
    'of such a body between two frames': {
      head: rawHead('connection: close'),
      body: sse([delta('Hi')]),
      code: /^truncated$/,
    },
    'by a Content-Length that is too short': {
      head: rawHead(`content-length: ${sse([delta('Hi')]).length + 5}`),
      body: sse([delta('Hi'), finish('stop'), '[DONE]']),
      code: /^truncated$/,
    },
  }
  for (const [name, { head, body, code }] of Object.entries(endings)) {
    test(`${name} is an error, after the text before it`, async () => {
      const server = await tcpServer(async (socket) => {
        socket.write(head)
        socket.write(body)
        await wait(30)
        socket.end()
      })
      const events = await observe(server)
      expect(events.map(({ type }) => type)).toEqual(['text', 'error', 'done'])
      expect(errorOf(events).code).toMatch(code)
      expect(events.at(-1)).toMatchObject({ finishReason: 'error', text: 'Hi' })
    })
  }

  test('at any byte before the finish reason is never reported as complete', async () => {
    const start = sse([delta('He'), delta('llo')])
    const body = Buffer.from(start + sse([finish('stop'), '[DONE]']))
    const server = await tcpServer((socket, head) => {
      const cut = Number(/cut=(\d+)/.exec(head)?.[1])
      socket.end(Buffer.concat([Buffer.from(rawHead('connection: close')), body.subarray(0, cut)]))
    })
    const reason = body.indexOf('"finish_reason":"')
    const outcomes = new Map<string, number>()
    // In groups: a browser or a proxy would not open them all at once either.
    for (let from = 0; from <= body.length; from += 100) {
      const cuts = Array.from({ length: Math.min(100, body.length - from + 1) }, (_, i) => from + i)
      await Promise.all(
        cuts.map(async (cut) => {
          const init: ChatInit = { url: `${server.url}?cut=${cut}`, format: openaiChat }
          const events = await run(streamChat(init))
          checkPromises(events)
          const { finishReason, text } = events.at(-1) as Extract<ChatEvent, { type: 'done' }>
          expect('Hello'.startsWith(text)).toBe(true)
          if (cut <= reason) expect(finishReason, `cut at ${cut}`).toBe('error')
          outcomes.set(finishReason, (outcomes.get(finishReason) ?? 0) + 1)
        }),
      )
    }
    expect([...outcomes.keys()].sort()).toEqual(['error', 'stop'])
    await server.allClosed()
  })
})

describe('gzip', () => {
  const texts = Array.from({ length: 400 }, (_, index) => `${(index * 7919) % 1000} `)
  const body = sse([...texts.map(delta), finish('stop'), '[DONE]'])
  const zipped = gzipSync(body)
  const headers = { ...eventStream, 'content-encoding': 'gzip' }

  test('is taken off', async () => {
    const server = await httpServer((_request, response) => {
      response.writeHead(200, headers).end(zipped)
    })
    const events = await observe(server)
    expect(events.at(-1)).toMatchObject({ finishReason: 'stop', text: texts.join('') })
  })

  test('cut in half is an error, also where the engine takes it for an end', async () => {
    const server = await httpServer((_request, response) => {
      response.writeHead(200, headers).end(zipped.subarray(0, zipped.length / 2))
    })
    const events = await observe(server)
    expect(errorOf(events).code).toMatch(/^(?:truncated|network)$/)
    const { text } = events.at(-1) as Extract<ChatEvent, { type: 'done' }>
    expect(text.length).toBeGreaterThan(0)
    expect(texts.join('').startsWith(text)).toBe(true)
  })

  test('that is none is an error', async () => {
    const server = await httpServer((_request, response) => {
      response.writeHead(200, headers).end(body)
    })
    expect(brief(await observe(server))).toEqual(['error network', 'done error: '])
  })
})

describe('the end marker', () => {
  test('ends the answer at once, though the server keeps the connection open', async () => {
    const server = await httpServer((_request, response) => {
      response.writeHead(200, eventStream).write(hi + done)
    })
    let events: ChatEvent[] = []
    const time = await timed(async () => {
      events = await observe(server)
    })
    expect(brief(events)).toEqual(['text Hi', 'done stop: Hi'])
    expect(time).toBeLessThan(500)
  })

  test('is the end, though the server writes on without end', async () => {
    const server = await httpServer(async (_request, response) => {
      response.writeHead(200, eventStream).write(hi + done)
      while (!response.destroyed) {
        response.write(sse([{ text: 'more' }]))
        await wait(1)
      }
    })
    expect(brief(await observe(server))).toEqual(['text Hi', 'done stop: Hi'])
  })

  test('is not what only looks like it', async () => {
    const server = await httpServer((_request, response) => {
      response.writeHead(200, eventStream).end(sse([{ text: '[DONE]' }, { text: '!' }, '[DONE]']))
    })
    expect((await observe(server)).at(-1)).toMatchObject({ finishReason: 'stop', text: '[DONE]!' })
  })
})

describe('what the server says wrong', () => {
  const faults: Record<string, { body: string; code: string; init?: Omit<ChatInit, 'url'> }> = {
    'an error in the stream': { body: sse([{ error: { message: 'busy' } }]), code: 'provider' },
    'a frame that is no JSON': { body: sse(['{"text":']), code: 'malformed' },
    'an event without end': {
      body: `data: ${'x'.repeat(10_000)}`,
      code: 'too-large',
      init: { maxEventSize: 5000 },
    },
  }
  for (const [name, { body, code, init }] of Object.entries(faults)) {
    test(`${name} ends the answer and closes a connection that stays open`, async () => {
      const server = await httpServer((_request, response) => {
        response.writeHead(200, eventStream).write(hi + body)
      })
      const events = await observe(server, init)
      expect(brief(events)).toEqual(['text Hi', `error ${code}`, 'done error: Hi'])
    })
  }
})

describe('a consumer that is slower than the server', () => {
  test('makes the server wait: what is read ahead is bounded', async () => {
    let written = 0
    const server = await tcpServer((socket) => {
      socket.write(rawHead())
      const chunk = rawChunk(`: ${' '.repeat(64 * 1024)}\n\n${sse([{ text: 'x' }])}`)
      const write = (): void => {
        while (!socket.destroyed) {
          written += chunk.length
          if (!socket.write(chunk)) break
        }
      }
      socket.on('drain', write)
      write()
    })
    let atFirst = 0
    let later = 0
    await observe(server, { readAheadBytes: 256 * 1024 }, async () => {
      await wait(300)
      atFirst = written
      await wait(200)
      later = written
      return 'leave'
    })
    // The system's own buffers of both sides come on top of ours.
    expect(atFirst).toBeGreaterThan(256 * 1024)
    expect(atFirst).toBeLessThan(24 * 1024 * 1024)
    expect(later).toBe(atFirst)
  })
})
