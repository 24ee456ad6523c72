import type { ChatEvent } from 'chatwire'
import { collect, readChat, streamChat } from 'chatwire'
import { describe, expect, test } from 'vitest'
import { fakeClock } from '../helpers/clock.ts'
import { run } from '../helpers/run.ts'
import { sourceOf } from '../helpers/stream.ts'
import { brief } from './brief.ts'
import { deafFetch, feed, silentFetch, url, watchedAbort } from './feed.ts'

const timeout = { response: 60_000, idle: 60_000, content: 60_000 }
const over = { done: true, value: undefined }

describe('a stream that nobody reads', () => {
  test('sends no request, sets no timer and adds no listener', async () => {
    const clock = fakeClock()
    const { fetch, calls } = feed()
    const abort = watchedAbort()
    const stream = streamChat({ url, fetch, signal: abort.signal, timeout })
    stream[Symbol.asyncIterator]()
    await clock.pass(1000)
    expect(calls).toEqual([])
    expect(clock.timers()).toBe(0)
    expect(abort.added()).toBe(0)
  })
})

describe('return()', () => {
  test('before the first next() sends no request', async () => {
    const { fetch, calls } = feed()
    const stream = streamChat({ url, fetch })
    expect(await stream.return()).toEqual(over)
    expect(await stream.next()).toEqual(over)
    expect(calls).toEqual([])
  })

  test('before the first next() closes a source that readChat was given', async () => {
    const { stream, closed } = sourceOf([], 'stall')
    expect(await readChat(stream).return()).toEqual(over)
    expect(closed()).toBe(1)
  })

  for (const [name, fetch] of Object.entries({ silentFetch, deafFetch })) {
    test(`before the headers resolves the next() that waits (${name})`, async () => {
      const clock = fakeClock()
      const abort = watchedAbort()
      const stream = streamChat({ url, fetch, signal: abort.signal, timeout })
      const waiting = stream.next()
      await clock.pass(10)
      expect(await stream.return()).toEqual(over)
      expect(await waiting).toEqual(over)
      expect(abort.listeners()).toBe(0)
      expect(clock.timers()).toBe(0)
    })
  }

  test('during a read that stalls resolves every next() that waits, and closes the body once', async () => {
    const clock = fakeClock()
    const { fetch, send, cancels } = feed()
    const abort = watchedAbort()
    const stream = streamChat({ url, fetch, signal: abort.signal, timeout })
    const first = stream.next()
    const second = stream.next()
    const third = stream.next()
    await clock.pass(0)
    send([{ text: 'Hi' }])
    expect(await first).toEqual({ done: false, value: { type: 'text', text: 'Hi' } })
    expect(await stream.return()).toEqual(over)
    expect(await Promise.all([second, third])).toEqual([over, over])
    expect(cancels).toHaveLength(1)
    expect(abort.listeners()).toBe(0)
    expect(clock.timers()).toBe(0)
  })

  test('hands out nothing that still waited', async () => {
    const { fetch, send } = feed()
    send([{ text: 'a' }, { reasoning: 'b' }, { text: 'c' }, '[DONE]'])
    const stream = streamChat({ url, fetch })
    expect(await stream.next()).toMatchObject({ value: { text: 'a' } })
    expect(await stream.return()).toEqual(over)
    expect(await stream.next()).toEqual(over)
  })

  test('twice, and after done, is harmless', async () => {
    const { fetch, send, cancels } = feed()
    send([{ text: 'Hi' }, '[DONE]'])
    const stream = streamChat({ url, fetch })
    expect(brief(await run(stream))).toEqual(['text Hi', 'done stop: Hi'])
    expect(await stream.return()).toEqual(over)
    expect(await stream.return()).toEqual(over)
    expect(await stream.next()).toEqual(over)
    expect(cancels).toHaveLength(1)
  })

  test('from within onFrame ends the stream, and nothing of the same chunk comes after it', async () => {
    const { fetch, send, cancels } = feed()
    send([{ text: 'a' }, { reasoning: 'leave' }, { text: 'b' }, '[DONE]'])
    const stream = streamChat({
      url,
      fetch,
      onFrame({ data }) {
        if (data.includes('leave')) void stream.return()
      },
    })
    expect(await stream.next()).toEqual(over)
    expect(await stream.next()).toEqual(over)
    expect(cancels).toHaveLength(1)
  })

  test('from within onFrame ends the stream, and nothing held comes after it', async () => {
    const clock = fakeClock()
    const { fetch, send } = feed()
    const stream = streamChat({
      url,
      fetch,
      buffer: 'word',
      timeout,
      onFrame({ data }) {
        if (data.includes('leave')) void stream.return()
      },
    })
    const first = stream.next()
    await clock.pass(0)
    send([{ text: 'Hel' }], [{ text: 'lo' }, { text: 'leave' }])
    await clock.pass(0)
    expect(await first).toEqual(over)
    expect(clock.timers()).toBe(0)
    const after = stream.next()
    await clock.pass(10_000)
    expect(await after).toEqual(over)
  })
})

describe('throw()', () => {
  test('before the first next() rejects with the error, and sends no request', async () => {
    const { fetch, calls } = feed()
    const stream = streamChat({ url, fetch })
    await expect(stream.throw(new Error('mine'))).rejects.toThrow('mine')
    expect(await stream.next()).toEqual(over)
    expect(calls).toEqual([])
  })

  test('during a read that stalls rejects with the error, ends what waits and closes the body', async () => {
    const clock = fakeClock()
    const { fetch, cancels } = feed()
    const abort = watchedAbort()
    const stream = streamChat({ url, fetch, signal: abort.signal, timeout })
    const waiting = stream.next()
    await clock.pass(0)
    await expect(stream.throw('mine')).rejects.toBe('mine')
    expect(await waiting).toEqual(over)
    expect(cancels).toHaveLength(1)
    expect(abort.listeners()).toBe(0)
    expect(clock.timers()).toBe(0)
  })

  test('after done rejects with the error and changes nothing', async () => {
    const { fetch, send } = feed()
    send([{ text: 'Hi' }, '[DONE]'])
    const stream = streamChat({ url, fetch })
    await run(stream)
    await expect(stream.throw('late')).rejects.toBe('late')
    expect(await stream.next()).toEqual(over)
  })
})

describe('leaving the loop', () => {
  test('by break closes the body once', async () => {
    const clock = fakeClock()
    const { fetch, send, cancels } = feed()
    const abort = watchedAbort()
    send([{ text: 'a' }, { reasoning: 'b' }])
    const events: ChatEvent[] = []
    for await (const event of streamChat({ url, fetch, signal: abort.signal, timeout })) {
      events.push(event)
      break
    }
    expect(brief(events)).toEqual(['text a'])
    expect(cancels).toHaveLength(1)
    expect(abort.listeners()).toBe(0)
    expect(clock.timers()).toBe(0)
  })

  test('by throwing closes the body once, and the error is the one thrown', async () => {
    const clock = fakeClock()
    const { fetch, send, cancels } = feed()
    send([{ text: 'a' }])
    const loop = async () => {
      for await (const _ of streamChat({ url, fetch, timeout })) throw new Error('in the loop')
    }
    await expect(loop()).rejects.toThrow('in the loop')
    expect(cancels).toHaveLength(1)
    expect(clock.timers()).toBe(0)
  })

  test('by the end of an await using block closes the body once', async () => {
    const clock = fakeClock()
    const { fetch, send, cancels } = feed()
    send([{ text: 'a' }])
    {
      await using stream = streamChat({ url, fetch, timeout })
      expect(await stream.next()).toMatchObject({ value: { text: 'a' } })
    }
    expect(cancels).toHaveLength(1)
    expect(clock.timers()).toBe(0)
  })
})

describe('several calls of next() that do not wait for each other', () => {
  test('give the events in order, then the end', async () => {
    const clock = fakeClock()
    const { fetch, send, calls } = feed()
    const stream = streamChat({ url, fetch })
    const all = Promise.all([stream.next(), stream.next(), stream.next(), stream.next()])
    await clock.pass(0)
    send([{ text: 'a' }, { reasoning: 'b' }], ['[DONE]'])
    const [first, second, third, fourth] = await all
    expect(first).toEqual({ done: false, value: { type: 'text', text: 'a' } })
    expect(second).toEqual({ done: false, value: { type: 'reasoning', text: 'b' } })
    expect(third).toMatchObject({ done: false, value: { type: 'done', finishReason: 'stop' } })
    expect(fourth).toEqual(over)
    expect(calls).toHaveLength(1)
  })
})

describe('a second loop', () => {
  test('over a stream that was read is a TypeError', async () => {
    const { fetch, send } = feed()
    send([{ text: 'Hi' }, '[DONE]'])
    const stream = streamChat({ url, fetch })
    await run(stream)
    await expect(run(stream)).rejects.toThrow(TypeError)
    await expect(collect(stream)).rejects.toThrow(TypeError)
  })

  test('over a stream that is being read is a TypeError, and leaves the first one alone', async () => {
    const { fetch, send } = feed()
    send([{ text: 'a' }, { reasoning: 'b' }, '[DONE]'])
    const stream = streamChat({ url, fetch })
    const events: ChatEvent[] = []
    for await (const event of stream) {
      events.push(event)
      await expect(run(stream)).rejects.toThrow(/second loop|already/i)
    }
    expect(brief(events)).toEqual(['text a', 'reasoning b', 'done stop: a'])
  })

  test('after next() was called by hand is a first loop', async () => {
    const { fetch, send } = feed()
    send([{ text: 'a' }, { reasoning: 'b' }, '[DONE]'])
    const stream = streamChat({ url, fetch })
    expect(await stream.next()).toMatchObject({ value: { text: 'a' } })
    expect(brief(await run(stream))).toEqual(['reasoning b', 'done stop: a'])
  })
})

test('a stream is an async generator by its methods', () => {
  const stream = streamChat({ url, fetch: silentFetch })
  expect(stream[Symbol.asyncIterator]()).toBe(stream)
  for (const method of ['next', 'return', 'throw', Symbol.asyncDispose] as const) {
    expect(stream[method]).toBeTypeOf('function')
  }
})
