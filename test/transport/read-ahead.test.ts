import type { ChatEvent } from 'chatwire'
import { readChat, streamChat, streamEvents } from 'chatwire'
import { anthropic } from 'chatwire/formats'
import { describe, expect, test, vi } from 'vitest'
import { fakeClock } from '../helpers/clock.ts'
import { sse, utf8 } from '../helpers/encode.ts'
import { checkPromises, run } from '../helpers/run.ts'
import { brief } from './brief.ts'
import { feed, url } from './feed.ts'

/** A source with as many chunks as one likes, that counts what was asked of it. */
function counted(chunk: (index: number) => Uint8Array) {
  let reads = 0
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        controller.enqueue(chunk(reads))
        reads += 1
      },
    },
    { highWaterMark: 0 },
  )
  return { stream, reads: () => reads }
}

/** A chunk of exactly 1,000 bytes with one text event in it. */
function kilobyte(index: number): Uint8Array {
  const head = sse([{ text: `${index} ` }])
  return utf8(`${head}:${' '.repeat(1000 - head.length - 2)}\n`)
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 5))

describe('the driver reads ahead of its consumer', () => {
  test('so that what came before a lost connection is delivered, however late it is taken', async () => {
    const clock = fakeClock()
    const { fetch, send, fail } = feed()
    const stream = streamChat({ url, fetch })
    const first = stream.next()
    await clock.pass(0)
    send([{ text: 'a' }])
    expect(await first).toEqual({ done: false, value: { type: 'text', text: 'a' } })
    send([{ text: 'b' }], [{ reasoning: 'c' }], [{ text: 'd' }, { text: 'e' }])
    await clock.pass(0)
    fail(new TypeError('terminated'))
    await clock.pass(5000)
    const events = await run(stream)
    expect(brief(events)).toEqual([
      'text b',
      'reasoning c',
      'text de',
      'error network',
      'done error: abde',
    ])
  })

  test('and joins text that waits into one event', async () => {
    const clock = fakeClock()
    const { fetch, send } = feed()
    const stream = streamChat({ url, fetch })
    const first = stream.next()
    await clock.pass(0)
    send([{ text: 'a' }])
    await first
    send(...Array.from({ length: 100 }, () => [{ text: 'x' }]), ['[DONE]'])
    await clock.pass(0)
    const events = await run(stream)
    expect(brief(events)).toEqual([`text ${'x'.repeat(100)}`, `done stop: a${'x'.repeat(100)}`])
  })

  test('but joins no text of another kind, and none across another event', async () => {
    const clock = fakeClock()
    const { fetch, send } = feed()
    const stream = streamChat({ url, fetch })
    const first = stream.next()
    await clock.pass(0)
    send([{ text: '1' }])
    await first
    send([{ text: 'a' }, { reasoning: 'b' }], [{ reasoning: 'c' }], [{ text: 'd' }])
    send([{ custom: 1 }], [{ text: 'e' }], ['[DONE]'])
    await clock.pass(0)
    expect(brief(await run(stream))).toEqual([
      'text a',
      'reasoning bc',
      'text d',
      'data',
      'text e',
      'done stop: 1ade',
    ])
  })

  test('and joins no text of parallel answers with each other', async () => {
    const clock = fakeClock()
    const { fetch, send } = feed()
    const choice = (index: number, content: string) => [
      { choices: [{ index, delta: { content } }] },
    ]
    const stream = streamChat({ url, fetch })
    const first = stream.next()
    await clock.pass(0)
    send(choice(0, 'a'))
    await first
    send(choice(1, 'x'), choice(1, 'y'), choice(0, 'b'), choice(0, 'c'), ['[DONE]'])
    await clock.pass(0)
    const events = await run(stream)
    expect(events.slice(0, -1)).toEqual([
      { type: 'text', text: 'xy', choice: 1 },
      { type: 'text', text: 'bc' },
    ])
    expect(events.at(-1)).toMatchObject({ type: 'done', text: 'abc' })
  })

  test('and leaves an event alone once it was handed out', async () => {
    const clock = fakeClock()
    const { fetch, send } = feed()
    const stream = streamChat({ url, fetch })
    const first = stream.next()
    await clock.pass(0)
    send([{ text: 'a' }])
    const { value } = await first
    send([{ text: 'b' }], [{ text: 'c' }])
    await clock.pass(0)
    expect(value).toEqual({ type: 'text', text: 'a' })
    await stream.return()
  })

  test('through text that is buffered as well', async () => {
    const clock = fakeClock()
    const { fetch, send, fail } = feed()
    const stream = streamChat({ url, fetch, buffer: 'word' })
    const first = stream.next()
    await clock.pass(0)
    send([{ text: 'one two' }])
    expect(await first).toMatchObject({ value: { text: 'one ' } })
    send([{ text: ' three fo' }], [{ text: 'ur' }])
    await clock.pass(0)
    fail(new TypeError('terminated'))
    await clock.pass(1000)
    const events = await run(stream)
    expect(events.map(({ type }) => type)).toEqual(['text', 'error', 'done'])
    expect(brief(events)[0]).toBe('text two three four')
  })
})

describe('readAheadBytes', () => {
  test('is where the reading stops, and goes on when the consumer has caught up', async () => {
    const { stream, reads } = counted(kilobyte)
    const chat = readChat(stream, { readAheadBytes: 10_000 })
    let taken = 0
    for (let round = 0; round < 4; round += 1) {
      const { value } = await chat.next()
      // Each chunk is a number; how many of them make one event is the driver's to choose.
      const numbers = (value as { text: string }).text.trimEnd().split(' ').map(Number)
      expect(numbers).toEqual(numbers.map((_, index) => taken + index))
      taken += numbers.length

      await settle()
      const waiting = reads() - taken
      expect(waiting).toBeGreaterThanOrEqual(9)
      expect(waiting).toBeLessThanOrEqual(11)
      await settle()
      expect(reads()).toBe(taken + waiting)
    }
    await chat.return()
  })

  test('is 1 MiB unless given', async () => {
    const { stream, reads } = counted(kilobyte)
    const chat = readChat(stream)
    await chat.next()
    // It takes several turns of the event loop.
    await vi.waitFor(() => expect(reads() * 1000).toBeGreaterThanOrEqual(1024 * 1024))
    await settle()
    const read = reads()
    expect(read * 1000).toBeLessThanOrEqual(1.25 * 1024 * 1024)
    await settle()
    expect(reads()).toBe(read)
    await chat.return()
  })

  test('bounds the reading also while the consumer takes one event after the other', async () => {
    // Chunks of 100 events that cannot be joined: taking one of them makes no room.
    const frames = Array.from({ length: 50 }, () => [{ text: 'a' }, { reasoning: 'b' }]).flat()
    const chunk = utf8(sse(frames))
    const { stream, reads } = counted(() => chunk)
    const chat = readChat(stream, { readAheadBytes: 2 * chunk.length })
    let ahead = 0
    for (let taken = 1; taken <= 500; taken += 1) {
      await chat.next()
      ahead = Math.max(ahead, reads() - taken / 100)
    }
    await settle()
    ahead = Math.max(ahead, reads() - 5)
    expect(ahead).toBeLessThanOrEqual(4)
    await chat.return()
  })

  test('of 0 reads only while the consumer waits', async () => {
    const { stream, reads } = counted(kilobyte)
    const chat = readChat(stream, { readAheadBytes: 0 })
    await settle()
    expect(reads()).toBe(0)
    for (let index = 0; index < 3; index += 1) {
      expect(await chat.next()).toMatchObject({ value: { text: `${index} ` } })
      await settle()
      expect(reads()).toBe(index + 1)
    }
    await chat.return()
    await settle()
    expect(reads()).toBe(3)
  })

  test('of 0 reads on by itself until there is an event to hand out', async () => {
    const comment = utf8(': keepalive\n\n')
    const { stream, reads } = counted((index) => (index < 5 ? comment : kilobyte(index)))
    const chat = readChat(stream, { readAheadBytes: 0 })
    expect(await chat.next()).toMatchObject({ value: { text: '5 ' } })
    await settle()
    expect(reads()).toBe(6)
    await chat.return()
  })

  test('of Infinity never stops the reading', async () => {
    const { stream, reads } = counted((index) =>
      index < 3000 ? kilobyte(index) : utf8(sse(['[DONE]'])),
    )
    const chat = readChat(stream, { readAheadBytes: Number.POSITIVE_INFINITY })
    await chat.next()
    await vi.waitFor(() => expect(reads()).toBe(3001))
    const events = await run(chat)
    expect(events.map(({ type }) => type)).toEqual(['text', 'done'])
  })

  test('bounds what waits, also of a body of bytes that make no events', async () => {
    const comment = utf8(`:${' '.repeat(998)}\n`)
    const { stream, reads } = counted((index) => (index === 0 ? kilobyte(0) : comment))
    const chat = readChat(stream, { readAheadBytes: 10_000 })
    await chat.next()
    await settle()
    expect(reads()).toBeLessThanOrEqual(30)
    const read = reads()
    await settle()
    expect(reads()).toBe(read)
    await chat.return()
  })

  test('holds for raw events as well', async () => {
    const body = counted(kilobyte)
    const fetch = async () =>
      new Response(body.stream, { headers: { 'content-type': 'text/event-stream' } })
    const events = streamEvents({ url, fetch, readAheadBytes: 10_000 })
    expect(await events.next()).toMatchObject({ value: { data: '{"text":"0 "}' } })
    await settle()
    const before = body.reads()
    expect(before).toBeGreaterThanOrEqual(10)
    expect(before).toBeLessThanOrEqual(22)
    for (let index = 1; index < 40; index += 1) {
      expect(await events.next()).toMatchObject({ value: { data: `{"text":"${index} "}` } })
    }
    await settle()
    expect(body.reads()).toBeGreaterThan(before)
    await events.return()
  })

  test('may be smaller than one event', async () => {
    const text = 'x'.repeat(5000)
    const bytes = utf8(sse([{ text }, '[DONE]']))
    const { stream } = counted((index) => bytes.subarray(index * 100, index * 100 + 100))
    const events: ChatEvent[] = []
    for await (const event of readChat(stream, { readAheadBytes: 150 })) events.push(event)
    expect(brief(events)).toEqual([`text ${text}`, `done stop: ${text}`])
  })
})

test('a slow consumer gets every tool and data event, in order', async () => {
  const frames = [
    { type: 'message_start', message: { id: 'm', usage: { input_tokens: 1 } } },
    {
      type: 'content_block_start',
      index: 0,
      content_block: { type: 'tool_use', id: 'c', name: 'f' },
    },
    ...['{"a"', ':1', '}'].map((partial_json) => ({
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'input_json_delta', partial_json },
    })),
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'tool_use' } },
    { type: 'message_stop' },
  ]
  const { fetch, send } = feed()
  send(...frames.map((frame) => [frame]))
  const events: ChatEvent[] = []
  for await (const event of streamChat({ url, fetch, format: anthropic })) {
    events.push(event)
    await settle()
  }
  const deltas = events.flatMap((event) => (event.type === 'tool-call-delta' ? [event.delta] : []))
  expect(deltas.join('')).toBe('{"a":1}')
  expect(events.at(-2)).toMatchObject({ type: 'tool-call', input: { a: 1 } })
  expect(events.at(-1)).toMatchObject({ type: 'done', finishReason: 'tool-calls' })
  checkPromises(events)
})
