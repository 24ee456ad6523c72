import type { ChatEvent } from 'chatwire'
import { readChat, streamChat } from 'chatwire'
import { describe, expect, test } from 'vitest'
import { fakeClock } from '../helpers/clock.ts'
import { sse, utf8 } from '../helpers/encode.ts'
import { checkPromises, run } from '../helpers/run.ts'
import { brief, follow } from './brief.ts'
import { deafFetch, feed, silentFetch, url, watchedAbort } from './feed.ts'

/** Every clock on, so that one left running shows. */
const timeout = { response: 60_000, idle: 60_000, content: 60_000 }

describe('an abort', () => {
  test('before the first next() sends no request, and is one done', async () => {
    const clock = fakeClock()
    const { fetch, calls } = feed()
    const abort = watchedAbort()
    abort.abort()
    const events = await run(streamChat({ url, fetch, signal: abort.signal, timeout }))
    expect(brief(events)).toEqual(['done aborted: '])
    expect(calls).toEqual([])
    expect(abort.added()).toBe(0)
    expect(clock.timers()).toBe(0)
    checkPromises(events)
  })

  test('between the call and the first next() sends no request either', async () => {
    const { fetch, calls } = feed()
    const abort = new AbortController()
    const stream = streamChat({ url, fetch, signal: abort.signal })
    abort.abort()
    expect(brief(await run(stream))).toEqual(['done aborted: '])
    expect(calls).toEqual([])
  })

  for (const [name, fetch] of Object.entries({ silentFetch, deafFetch })) {
    test(`before the headers ends at once (${name})`, async () => {
      const clock = fakeClock()
      const abort = watchedAbort()
      const { events } = follow(streamChat({ url, fetch, signal: abort.signal, timeout }))
      await clock.pass(10)
      abort.abort()
      await clock.pass(0)
      expect(brief(events)).toEqual(['done aborted: '])
      expect(abort.listeners()).toBe(0)
      expect(clock.timers()).toBe(0)
    })
  }

  for (const status of [200, 500]) {
    test(`closes a response, ${status}, that comes after it from a fetch that ignores its signal`, async () => {
      const clock = fakeClock()
      const { fetch, cancels } = feed({ status })
      const late: typeof globalThis.fetch = (input, init) =>
        new Promise((resolve) => setTimeout(() => resolve(fetch(input, init)), 100))
      const abort = new AbortController()
      const stream = streamChat({ url, fetch: late, signal: abort.signal, timeout })
      const { events } = follow(stream)
      await clock.pass(10)
      abort.abort()
      await clock.pass(90)
      expect(brief(events)).toEqual(['done aborted: '])
      expect(cancels).toHaveLength(1)
      expect(clock.timers()).toBe(0)
    })
  }

  test('between the headers and the first byte is one done', async () => {
    const clock = fakeClock()
    const { fetch, cancels } = feed()
    const abort = watchedAbort()
    const { events } = follow(streamChat({ url, fetch, signal: abort.signal, timeout }))
    await clock.pass(0)
    abort.abort()
    await clock.pass(0)
    expect(brief(events)).toEqual(['done aborted: '])
    expect(cancels).toHaveLength(1)
    expect(abort.listeners()).toBe(0)
    expect(clock.timers()).toBe(0)
  })

  test('between events ends a loop that waits, with the text so far', async () => {
    const clock = fakeClock()
    const { fetch, send, cancels } = feed()
    const abort = watchedAbort()
    const followed = follow(streamChat({ url, fetch, signal: abort.signal, timeout }))
    await clock.pass(0)
    send([{ text: 'Hel' }, { reasoning: 'Hm' }, { text: 'lo' }])
    // Half a frame is nothing yet.
    send('data: {"text":" wor')
    await clock.pass(0)
    abort.abort()
    await clock.pass(0)
    const { events } = followed
    expect(brief(events)).toEqual(['text Hel', 'reasoning Hm', 'text lo', 'done aborted: Hello'])
    expect(events.at(-1)).toMatchObject({ reasoning: 'Hm' })
    expect(events.at(-1)).not.toHaveProperty('error')
    expect(followed.isOver).toBe(true)
    expect(cancels).toHaveLength(1)
    expect(abort.listeners()).toBe(0)
    expect(clock.timers()).toBe(0)
    checkPromises(events)
  })

  test('in the loop body lets no other event of the same chunk out, but its text is in done', async () => {
    const { fetch, send, cancels } = feed()
    send([{ text: 'a' }, { reasoning: 'b' }, { text: 'c' }])
    const abort = watchedAbort()
    const events: ChatEvent[] = []
    for await (const event of streamChat({ url, fetch, signal: abort.signal })) {
      events.push(event)
      if (events.length === 1) abort.abort()
    }
    expect(brief(events)).toEqual(['text a', 'done aborted: ac'])
    expect(events.at(-1)).toMatchObject({ reasoning: 'b' })
    expect(cancels).toHaveLength(1)
    expect(abort.listeners()).toBe(0)
    checkPromises(events)
  })

  test('after the last byte, while events still wait, is one done and no other', async () => {
    const { fetch, send, end } = feed()
    send([{ text: 'a' }, { reasoning: 'b' }, { text: 'c' }, '[DONE]'])
    end()
    const abort = new AbortController()
    const events: ChatEvent[] = []
    for await (const event of streamChat({ url, fetch, signal: abort.signal })) {
      events.push(event)
      if (events.length === 1) abort.abort()
    }
    expect(brief(events)).toEqual(['text a', 'done aborted: ac'])
  })

  test('takes the place of an error that still waits', async () => {
    const { fetch, send } = feed()
    send([{ text: 'a' }, { error: 'overloaded' }])
    const abort = new AbortController()
    const events: ChatEvent[] = []
    for await (const event of streamChat({ url, fetch, signal: abort.signal })) {
      events.push(event)
      if (events.length === 1) abort.abort()
    }
    expect(brief(events)).toEqual(['text a', 'done aborted: a'])
    expect(events.at(-1)).not.toHaveProperty('error')
    checkPromises(events)
  })

  test('after an error was handed out leaves the done that belongs to it', async () => {
    const { fetch, send } = feed()
    send([{ text: 'a' }, { error: 'overloaded' }])
    const abort = new AbortController()
    const events: ChatEvent[] = []
    for await (const event of streamChat({ url, fetch, signal: abort.signal })) {
      events.push(event)
      if (event.type === 'error') abort.abort()
    }
    expect(brief(events)).toEqual(['text a', 'error provider', 'done error: a'])
    checkPromises(events)
  })

  test('after done changes nothing', async () => {
    const clock = fakeClock()
    const { fetch, send } = feed()
    const abort = watchedAbort()
    const stream = streamChat({ url, fetch, signal: abort.signal, timeout })
    const { events } = follow(stream)
    await clock.pass(0)
    send([{ text: 'Hi' }, '[DONE]'])
    await clock.pass(0)
    expect(abort.listeners()).toBe(0)
    abort.abort()
    await clock.pass(100_000)
    expect(brief(events)).toEqual(['text Hi', 'done stop: Hi'])
    expect(await stream.next()).toEqual({ done: true, value: undefined })
  })

  test('in the very turn that hands out done adds no second one', async () => {
    const { fetch, send } = feed()
    send([{ text: 'Hi' }, '[DONE]'])
    const abort = new AbortController()
    const events: ChatEvent[] = []
    const stream = streamChat({ url, fetch, signal: abort.signal })
    for await (const event of stream) {
      events.push(event)
      if (event.type === 'done') abort.abort()
    }
    expect(brief(events)).toEqual(['text Hi', 'done stop: Hi'])
    expect(await stream.next()).toEqual({ done: true, value: undefined })
  })

  test('twice, in any state, is one', async () => {
    const clock = fakeClock()
    const { fetch, send, cancels } = feed()
    const abort = new AbortController()
    const stream = streamChat({ url, fetch, signal: abort.signal })
    const { events } = follow(stream)
    await clock.pass(0)
    send([{ text: 'Hi' }])
    await clock.pass(0)
    abort.abort('first')
    abort.abort('second')
    await clock.pass(0)
    abort.abort('third')
    expect(await stream.next()).toEqual({ done: true, value: undefined })
    expect(brief(events)).toEqual(['text Hi', 'done aborted: Hi'])
    expect(cancels).toHaveLength(1)
  })

  const reasons: Record<string, unknown> = {
    'no reason': undefined,
    'an Error': new Error('user pressed stop'),
    'a string': 'stop',
    null: null,
    'a DOMException': new DOMException('stop', 'AbortError'),
    'another DOMException': new DOMException('stop', 'DataError'),
    'an error that only calls itself TimeoutError': Object.assign(new Error(), {
      name: 'TimeoutError',
    }),
  }
  for (const [name, reason] of Object.entries(reasons)) {
    test(`with ${name} as reason is the same in every state`, async () => {
      const { fetch, send } = feed()
      send([{ text: 'Hi' }])
      const abort = new AbortController()
      const events: ChatEvent[] = []
      for await (const event of streamChat({ url, fetch, signal: abort.signal })) {
        events.push(event)
        abort.abort(reason)
      }
      expect(brief(events)).toEqual(['text Hi', 'done aborted: Hi'])

      const early = AbortSignal.abort(reason)
      expect(brief(await run(streamChat({ url, fetch, signal: early })))).toEqual([
        'done aborted: ',
      ])

      const waiting = new AbortController()
      const unanswered = run(streamChat({ url, fetch: silentFetch, signal: waiting.signal }))
      waiting.abort(reason)
      expect(brief(await unanswered)).toEqual(['done aborted: '])
    })
  }

  test('keeps held text out of the events, but in done', async () => {
    const clock = fakeClock()
    const { fetch, send } = feed()
    const abort = watchedAbort()
    const options = { buffer: 'word' as const, timeout }
    const { events } = follow(streamChat({ url, fetch, signal: abort.signal, ...options }))
    await clock.pass(0)
    send([{ text: 'Hello wor' }])
    await clock.pass(0)
    abort.abort()
    await clock.pass(0)
    expect(clock.timers()).toBe(0)
    await clock.pass(10_000)
    expect(brief(events)).toEqual(['text Hello ', 'done aborted: Hello wor'])
  })

  test('while the body of a refusal is read ends at once and closes it', async () => {
    const clock = fakeClock()
    const { fetch, send, cancels } = feed({ status: 500 })
    const abort = watchedAbort()
    const { events } = follow(streamChat({ url, fetch, signal: abort.signal, timeout }))
    await clock.pass(0)
    send('{"error":')
    await clock.pass(10)
    abort.abort()
    await clock.pass(0)
    expect(brief(events)).toEqual(['done aborted: '])
    expect(cancels).toHaveLength(1)
    expect(abort.listeners()).toBe(0)
    expect(clock.timers()).toBe(0)
  })

  test('from within onResponse is one done', async () => {
    const clock = fakeClock()
    const { fetch, cancels } = feed()
    const abort = watchedAbort()
    const { signal } = abort
    const onResponse = () => abort.abort()
    const { events } = follow(streamChat({ url, fetch, signal, timeout, onResponse }))
    await clock.pass(0)
    expect(brief(events)).toEqual(['done aborted: '])
    expect(cancels).toHaveLength(1)
    expect(clock.timers()).toBe(0)
  })

  test('from within onFrame is one done, and nothing held comes after it', async () => {
    const clock = fakeClock()
    const { fetch, send } = feed()
    const abort = watchedAbort()
    const stream = streamChat({
      url,
      fetch,
      signal: abort.signal,
      buffer: 'word',
      timeout,
      onFrame({ data }) {
        if (data.includes('stop here')) abort.abort()
      },
    })
    const first = stream.next()
    await clock.pass(0)
    send([{ text: 'Hel' }], [{ text: 'lo' }, { text: 'stop here' }, { text: 'more' }])
    await clock.pass(0)
    expect(await first).toMatchObject({ value: { finishReason: 'aborted', text: 'Hello' } })
    expect(clock.timers()).toBe(0)
    const after = stream.next()
    await clock.pass(10_000)
    expect(await after).toEqual({ done: true, value: undefined })
    expect(abort.listeners()).toBe(0)
  })

  test('of the signal of a Request given as url is an abort', async () => {
    const { fetch, send } = feed()
    send([{ text: 'Hi' }])
    const abort = new AbortController()
    const request = new Request(url, { signal: abort.signal })
    const events: ChatEvent[] = []
    for await (const event of streamChat(request, { fetch })) {
      events.push(event)
      abort.abort()
    }
    expect(brief(events)).toEqual(['text Hi', 'done aborted: Hi'])
  })

  test('of readChat closes the source it was given', async () => {
    const clock = fakeClock()
    const cancels: unknown[] = []
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(utf8(sse([{ text: 'Hi' }]))),
      cancel: (reason) => void cancels.push(reason),
    })
    const abort = watchedAbort()
    const { events } = follow(readChat(stream, { signal: abort.signal }))
    await clock.pass(0)
    abort.abort()
    await clock.pass(0)
    expect(brief(events)).toEqual(['text Hi', 'done aborted: Hi'])
    expect(cancels).toHaveLength(1)
    expect(abort.listeners()).toBe(0)
  })

  test('before readChat has begun closes the source too', async () => {
    const cancels: unknown[] = []
    const stream = new ReadableStream<Uint8Array>({ cancel: (reason) => void cancels.push(reason) })
    const events = await run(readChat(stream, { signal: AbortSignal.abort() }))
    expect(brief(events)).toEqual(['done aborted: '])
    expect(cancels).toHaveLength(1)
  })
})
