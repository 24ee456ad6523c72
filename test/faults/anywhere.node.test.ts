import { performance } from 'node:perf_hooks'
import { setTimeout as wait } from 'node:timers/promises'
import type { ChatEvent, ChatInit } from 'chatwire'
import { streamChat } from 'chatwire'
import { openaiChat } from 'chatwire/formats'
import { describe, expect, onTestFinished, test } from 'vitest'
import { sse } from '../helpers/encode.ts'
import { checkPromises, run } from '../helpers/run.ts'
import { httpServer, observe, rawChunk, rawHead, tcpServer } from '../helpers/sockets.ts'
import { brief, errorOf } from '../transport/brief.ts'
import { delta, finish } from '../transport/feed.ts'

const eventStream = { 'content-type': 'text/event-stream' }
const hi = sse([{ text: 'Hi' }])

describe('a reset', () => {
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

describe('an end', () => {
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

describe('a stall', () => {
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

  test('is none if the clock jumps', async () => {
    const server = await httpServer(async (_request, response) => {
      response.writeHead(200, eventStream).write(hi)
      await wait(100)
      response.end(sse([{ text: ' there' }, '[DONE]']))
    })
    const { now } = performance
    const date = Date.now
    onTestFinished(() => {
      Object.assign(performance, { now })
      Date.now = date
    })
    const timeout = { response: 5000, idle: 5000, content: 5000 }
    const events = await observe(server, { timeout }, () => {
      Object.assign(performance, { now: () => now.call(performance) + 3_600_000 })
      Date.now = () => date() - 3_600_000
    })
    expect(brief(events)).toEqual(['text Hi', 'text  there', 'done stop: Hi there'])
  })
})

describe('the request', () => {
  test('is sent as a POST of JSON that accepts an event stream', async () => {
    const seen: unknown[] = []
    const server = await httpServer(async (request, response) => {
      const { method, headers } = request
      let body = ''
      for await (const chunk of request) body += chunk
      seen.push(method, headers.accept, headers['content-type'], headers.authorization, body)
      response.writeHead(200, eventStream).end(sse(['[DONE]']))
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

  test('and the answer are those of the call, whatever the caller changes later', async () => {
    const seen: unknown[] = []
    const server = await httpServer(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      seen.push(request.method, request.headers['x-key'], body)
      response.writeHead(200, eventStream)
      for (const part of [hi, sse([{ text: ' there' }]), sse(['[DONE]'])]) {
        response.write(part)
        await wait(20)
      }
      response.end()
    })
    const headers = { 'x-key': 'first' }
    const json = { messages: ['first'] }
    const timeout = { idle: 5000 }
    const init: ChatInit = { url: server.url, headers, json, timeout }
    const stream = streamChat(init)
    const change = (): void => {
      headers['x-key'] = 'second'
      json.messages.push('second')
      timeout.idle = 1
      Object.assign(init, {
        url: 'http://127.0.0.1:1/',
        signal: AbortSignal.abort(),
        method: 'GET',
      })
    }
    change()
    const events: ChatEvent[] = []
    for await (const event of stream) {
      events.push(event)
      change()
    }
    expect(events.at(-1)).toMatchObject({ finishReason: 'stop', text: 'Hi there' })
    expect(seen).toEqual(['POST', 'first', '{"messages":["first"]}'])
    await server.allClosed()
  })
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
