import type { SseEvent } from 'chatwire'
import { isChatError, readEvents, streamEvents } from 'chatwire'
import { describe, expect, test } from 'vitest'
import { fakeClock } from '../helpers/clock.ts'
import { utf8 } from '../helpers/encode.ts'
import { iterableOf, responseOf, sourceOf, streamOf } from '../helpers/stream.ts'
import { deafFetch, feed, silentFetch, url, watchedAbort } from './feed.ts'

const over = { done: true, value: undefined }
const timeout = { response: 60_000, idle: 60_000 }

/** What came, and what was thrown in the end, if anything. */
async function drain(events: AsyncIterable<SseEvent>) {
  const data: string[] = []
  try {
    for await (const event of events) data.push(event.data)
  } catch (error) {
    return { data, threw: true, error }
  }
  return { data, threw: false }
}

/** The same in the background. */
function drainLater(events: AsyncIterable<SseEvent>) {
  const state: { result?: Awaited<ReturnType<typeof drain>> } = {}
  void drain(events).then((result) => {
    state.result = result
  })
  return state
}

describe('streamEvents', () => {
  test('yields the events of any event stream, and ends with its body', async () => {
    const { fetch, send, end } = feed()
    send('event: a\nid: 1\ndata: one\n\n', ': comment\n\ndata: two\n\n', 'data: cut off')
    end()
    const events: SseEvent[] = []
    for await (const event of streamEvents(url, { fetch })) events.push(event)
    expect(events).toEqual([
      { type: 'a', data: 'one', lastEventId: '1' },
      { type: 'message', data: 'two', lastEventId: '1' },
    ])
  })

  test('knows no chat: [DONE] and errors are events like all others', async () => {
    const { fetch, send, end } = feed()
    send(['[DONE]', '{"error":"x"}'])
    end()
    expect(await drain(streamEvents({ url, fetch }))).toEqual({
      data: ['[DONE]', '{"error":"x"}'],
      threw: false,
    })
  })

  test('hands on an event that the end cuts off, with lenientEnd', async () => {
    const { fetch, send, end } = feed()
    send('data: one\n\n', 'data: two')
    end()
    const { data } = await drain(streamEvents({ url, fetch, lenientEnd: true }))
    expect(data).toEqual(['one', 'two'])
  })

  test('tells comments and reconnection times', async () => {
    const { fetch, send, end } = feed()
    send(': hello\n\nretry: 1500\n\n')
    end()
    const told: unknown[] = []
    const options = {
      onComment: (text: string) => void told.push(text),
      onReconnectionTime: (ms: number) => void told.push(ms),
    }
    await drain(streamEvents({ url, fetch, ...options }))
    expect(told).toEqual(['hello', 1500])
  })

  test('sends no request until it is read, and none if it is left before', async () => {
    const clock = fakeClock()
    const { fetch, calls } = feed()
    const unread = streamEvents({ url, fetch, timeout })
    const left = streamEvents({ url, fetch, timeout })
    await clock.pass(1000)
    expect(await left.return()).toEqual(over)
    expect(await left.next()).toEqual(over)
    expect(unread[Symbol.asyncIterator]()).toBe(unread)
    expect(calls).toEqual([])
    expect(clock.timers()).toBe(0)
  })

  test('takes a second loop for a mistake', async () => {
    const { fetch, end } = feed()
    end()
    const events = streamEvents({ url, fetch })
    expect(await drain(events)).toEqual({ data: [], threw: false })
    expect((await drain(events)).error).toBeInstanceOf(TypeError)
  })
})

describe('a failure of an event stream is thrown as a ChatError, after the events before it', () => {
  test('a status that is not 2xx', async () => {
    const { fetch, send, end } = feed({ status: 503, headers: { 'retry-after': '2' } })
    send('busy')
    end()
    const { data, error } = await drain(streamEvents({ url, fetch }))
    expect(data).toEqual([])
    expect(error).toMatchObject({ code: 'http', status: 503, body: 'busy', retryAfterMs: 2000 })
    expect(isChatError(error)).toBe(true)
  })

  for (const contentType of ['text/html', 'application/json', 'text/plain', '']) {
    test(`a content type that is none of an event stream: '${contentType}'`, async () => {
      const { fetch, send, end } = feed({ headers: { 'content-type': contentType } })
      send('data: x\n\n')
      end()
      const { data, error } = await drain(streamEvents({ url, fetch }))
      expect(data).toEqual([])
      expect(error).toMatchObject({ code: 'content-type', contentType, body: 'data: x\n\n' })
    })
  }

  for (const contentType of ['text/event-stream; charset=x', 'Text/Event-Stream']) {
    test(`but not '${contentType}'`, async () => {
      const { fetch, send, end } = feed({ headers: { 'content-type': contentType } })
      send('data: x\n\n')
      end()
      expect(await drain(streamEvents({ url, fetch }))).toEqual({ data: ['x'], threw: false })
    })
  }

  test('a request that fails', async () => {
    const cause = new TypeError('fetch failed')
    const { error } = await drain(streamEvents({ url, fetch: () => Promise.reject(cause) }))
    expect(error).toMatchObject({ code: 'network', cause, retryable: true })
  })

  test('a connection that is lost, with events that still wait', async () => {
    const clock = fakeClock()
    const { fetch, send, fail } = feed()
    const events = streamEvents({ url, fetch })
    const first = events.next()
    await clock.pass(0)
    send('data: one\n\n')
    expect(await first).toMatchObject({ value: { data: 'one' } })
    send('data: two\n\ndata: three\n\n', 'data: fo')
    await clock.pass(0)
    fail(new TypeError('terminated'))
    await clock.pass(100)
    const { data, error } = await drain(events)
    expect(data).toEqual(['two', 'three'])
    expect(error).toMatchObject({ code: 'network' })
    expect(await events.next()).toEqual(over)
  })

  test('an event that is too large', async () => {
    const { fetch, send, cancels } = feed()
    send('data: one\n\n', `data: ${'x'.repeat(2000)}`)
    const { data, error } = await drain(streamEvents({ url, fetch, maxEventSize: 1000 }))
    expect(data).toEqual(['one'])
    expect(error).toMatchObject({ code: 'too-large', limit: 1000 })
    expect(cancels).toHaveLength(1)
  })

  test('no headers in time', async () => {
    const clock = fakeClock()
    const options = { fetch: deafFetch, timeout: { response: 1000 } }
    const state = drainLater(streamEvents({ url, ...options }))
    await clock.pass(999)
    expect(state.result).toBeUndefined()
    await clock.pass(101)
    expect(state.result?.error).toMatchObject({ code: 'timeout', phase: 'response' })
    expect(clock.timers()).toBe(0)
  })

  test('no byte in time', async () => {
    const clock = fakeClock()
    const { fetch, send, cancels } = feed()
    const state = drainLater(streamEvents({ url, fetch, timeout: { idle: 1000 } }))
    await clock.pass(0)
    send('data: one\n\n')
    await clock.pass(999)
    expect(state.result).toBeUndefined()
    await clock.pass(101)
    expect(state.result).toMatchObject({ data: ['one'], error: { code: 'timeout', phase: 'idle' } })
    expect(cancels).toHaveLength(1)
    expect(clock.timers()).toBe(0)
  })

  for (const name of ['onComment', 'onReconnectionTime', 'onResponse'] as const) {
    test(`a function that throws: ${name}`, async () => {
      const { fetch, send, end } = feed()
      send(': hello\n\nretry: 1500\n\n')
      end()
      const cause = new Error('mine')
      const fn = () => {
        throw cause
      }
      const { error } = await drain(streamEvents({ url, fetch, [name]: fn }))
      expect(error).toMatchObject({ code: 'callback', cause })
    })
  }
})

describe('an abort of an event stream throws the reason of the signal', () => {
  const reasons: Record<string, unknown> = {
    'an Error': new Error('stop'),
    'a string': 'stop',
    null: null,
    'an object': { why: 'stop' },
  }
  for (const [name, reason] of Object.entries(reasons)) {
    test(`${name}`, async () => {
      const clock = fakeClock()
      const { fetch, send, cancels } = feed()
      const abort = watchedAbort()
      const events = streamEvents({ url, fetch, signal: abort.signal, timeout })
      const state = drainLater(events)
      await clock.pass(0)
      send('data: one\n\n')
      await clock.pass(0)
      abort.abort(reason)
      await clock.pass(0)
      expect(state.result).toEqual({ data: ['one'], threw: true, error: reason })
      expect(await events.next()).toEqual(over)
      expect(cancels).toHaveLength(1)
      expect(abort.listeners()).toBe(0)
      expect(clock.timers()).toBe(0)
    })
  }

  test('an AbortError, if there is no other reason', async () => {
    const abort = new AbortController()
    const pending = drain(streamEvents({ url, fetch: silentFetch, signal: abort.signal }))
    abort.abort()
    const { error } = await pending
    expect(error).toBe(abort.signal.reason)
    expect(error).toMatchObject({ name: 'AbortError' })
  })

  test('before the first next(), without a request', async () => {
    const { fetch, calls } = feed()
    const signal = AbortSignal.abort('early')
    expect(await drain(streamEvents({ url, fetch, signal }))).toEqual({
      data: [],
      threw: true,
      error: 'early',
    })
    expect(calls).toEqual([])
  })

  test('in the loop body, with no event of the same chunk after it', async () => {
    const { fetch, send } = feed()
    send('data: 1\n\ndata: 2\n\ndata: 3\n\n')
    const abort = new AbortController()
    const data: string[] = []
    const loop = async () => {
      for await (const event of streamEvents({ url, fetch, signal: abort.signal })) {
        data.push(event.data)
        abort.abort('stop')
      }
    }
    await expect(loop()).rejects.toBe('stop')
    expect(data).toEqual(['1'])
  })

  test('not after the end', async () => {
    const { fetch, send, end } = feed()
    send('data: 1\n\n')
    end()
    const abort = new AbortController()
    const events = streamEvents({ url, fetch, signal: abort.signal })
    expect(await drain(events)).toEqual({ data: ['1'], threw: false })
    abort.abort('late')
    expect(await events.next()).toEqual(over)
  })

  test('except for AbortSignal.timeout(), which is a timeout', async () => {
    const { fetch } = feed()
    const { error } = await drain(streamEvents({ url, fetch, signal: AbortSignal.timeout(10) }))
    expect(error).toMatchObject({ code: 'timeout', phase: 'signal' })
    expect(isChatError(error)).toBe(true)
  })
})

describe('leaving an event stream', () => {
  test('by return() while a read stalls ends what waits and closes the body once', async () => {
    const clock = fakeClock()
    const { fetch, cancels } = feed()
    const abort = watchedAbort()
    const events = streamEvents({ url, fetch, signal: abort.signal, timeout })
    const waiting = events.next()
    await clock.pass(0)
    expect(await events.return()).toEqual(over)
    expect(await waiting).toEqual(over)
    expect(cancels).toHaveLength(1)
    expect(abort.listeners()).toBe(0)
    expect(clock.timers()).toBe(0)
  })

  test('by break closes the body once', async () => {
    const clock = fakeClock()
    const { fetch, send, cancels } = feed()
    send('data: 1\n\ndata: 2\n\n')
    for await (const event of streamEvents({ url, fetch, timeout })) {
      expect(event.data).toBe('1')
      break
    }
    expect(cancels).toHaveLength(1)
    expect(clock.timers()).toBe(0)
  })
})

describe('readEvents', () => {
  const chunks = [utf8('data: o'), utf8('ne\n\ndata: two\n\n')]

  test('takes a stream, an iterable of bytes or strings, or a response', async () => {
    const sources = [
      streamOf(chunks),
      iterableOf(chunks),
      iterableOf(['data: o', 'ne\n\ndata: two\n\n']),
      responseOf(chunks, 'text/event-stream'),
    ]
    for (const source of sources) {
      expect(await drain(readEvents(source))).toEqual({ data: ['one', 'two'], threw: false })
    }
  })

  test('checks a response like one that it fetched', async () => {
    const { error } = await drain(readEvents(new Response('no', { status: 401 })))
    expect(error).toMatchObject({ code: 'http', status: 401, body: 'no' })
    const html = new Response('<html>', { headers: { 'content-type': 'text/html' } })
    expect((await drain(readEvents(html))).error).toMatchObject({ code: 'content-type' })
  })

  test('passes on a failure of the source as a network error, after the events before it', async () => {
    const cause = new Error('reset')
    const { data, error } = await drain(readEvents(streamOf(chunks, { error: cause })))
    expect(data).toEqual(['one', 'two'])
    expect(error).toMatchObject({ code: 'network', cause })
  })

  test('closes the source when it is left, also before it began', async () => {
    const first = sourceOf(chunks, 'stall')
    for await (const _ of readEvents(first.stream)) break
    const second = sourceOf(chunks, 'stall')
    await readEvents(second.stream).return()
    expect([first.closed(), second.closed()]).toEqual([1, 1])
  })

  test('does not take a source that is being read', () => {
    const stream = streamOf(chunks)
    stream.getReader()
    expect(() => readEvents(stream)).toThrow(TypeError)
  })

  test('tells of a source that was locked later, when it is read', async () => {
    const stream = streamOf(chunks)
    const events = readEvents(stream)
    stream.getReader()
    expect(isChatError((await drain(events)).error)).toBe(true)
  })
})
