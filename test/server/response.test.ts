import { ChatError, collect, readChat } from 'chatwire'
import { type ChatEventInit, chatResponse } from 'chatwire/server'
import { describe, expect, test, vi } from 'vitest'
import { fakeClock } from '../helpers/clock.ts'
import { DONE, payloadsOf, upstream, wireOf } from './wire.ts'

const stop = '{"done":true,"finishReason":"stop","rawFinishReason":null}'
const failed = '{"done":true,"finishReason":"error","rawFinishReason":null}'
const unexplained = '{"error":"The server could not complete the answer.","retryable":false}'
const keepalive = ': keepalive\n\n'

/** Reads a response piece by piece, as text. */
function readerOf(response: Response) {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  const decoder = new TextDecoder()
  return {
    async read(): Promise<string | undefined> {
      const { done, value } = await reader.read()
      return done ? undefined : decoder.decode(value)
    },
    cancel: () => reader.cancel('gone'),
    closed: reader.closed,
  }
}

/** Lets everything that was going to happen happen. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 0))

/** A signal that knows how many listeners it has. */
function countedSignal(abort = new AbortController()) {
  const { signal } = abort
  let count = 0
  const { addEventListener, removeEventListener } = signal
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    count += 1
    addEventListener.apply(signal, args)
  }
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    count -= 1
    removeEventListener.apply(signal, args)
  }
  return { signal, abort, listeners: () => count }
}

describe('the head', () => {
  const headersOf = (response: Response) => Object.fromEntries(response.headers)

  test('says event stream, no cache, no buffering', () => {
    const response = chatResponse(upstream([]))
    expect(response.status).toBe(200)
    expect(headersOf(response)).toEqual({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    })
  })

  test('takes status and headers from the caller, but not the content type', () => {
    const response = chatResponse(upstream([]), {
      status: 201,
      statusText: 'Yes',
      headers: { 'Cache-Control': 'no-store', 'Content-Type': 'text/plain', 'X-Own': '1' },
    })
    expect([response.status, response.statusText]).toEqual([201, 'Yes'])
    expect(headersOf(response)).toEqual({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-own': '1',
    })
  })
})

describe('wrong arguments throw at the call:', () => {
  test('what is no async iterable', () => {
    for (const events of [undefined, null, 'text', [], {}]) {
      expect(() => chatResponse(events as never)).toThrow(TypeError)
    }
  })

  test('events that were already iterated', async () => {
    const events = readChat(new Response('data: {"text":"a"}\n\n'))
    await collect(events)
    expect(() => chatResponse(events)).toThrow(TypeError)
  })

  test('options that are not what they should be', () => {
    for (const init of [
      { heartbeatMs: -1 },
      { heartbeatMs: '5' },
      { onError: 1 },
      { signal: {} },
    ]) {
      expect(() => chatResponse(upstream([]), init as never)).toThrow(TypeError)
    }
  })
})

describe('backpressure', () => {
  test('takes nothing before somebody reads, and then one event for each read', async () => {
    const events = upstream(['a', 'b', 'c', { type: 'done' }])
    const { read } = readerOf(chatResponse(events))
    await settle()
    expect(events.asked()).toBe(0)
    expect(await read()).toBe('data: {"text":"a"}\n\n')
    await settle()
    expect(events.asked()).toBe(1)
    expect(await read()).toBe('data: {"text":"b"}\n\n')
    await settle()
    expect(events.asked()).toBe(2)
  })

  test('asks again by itself where an event has no frame of its own', async () => {
    const error = new ChatError('provider', 'Busy.')
    const events = upstream(['', { type: 'text', text: '' }, 'a', { type: 'error', error }])
    const { read } = readerOf(chatResponse(events))
    expect(await read()).toBe('data: {"text":"a"}\n\n')
    expect(events.asked()).toBe(3)
    expect(payloadsOf((await read()) ?? '')).toEqual([
      '{"error":"Busy.","retryable":false}',
      failed,
      DONE,
    ])
    expect(await read()).toBeUndefined()
  })

  test('closes the events at their done, without waiting for more of them', async () => {
    const events = upstream(['a', { type: 'done' }], 'stall')
    const wire = await chatResponse(events).text()
    expect(payloadsOf(wire)).toEqual(['{"text":"a"}', stop, DONE])
    expect([events.asked(), events.closed()]).toEqual([2, 1])
  })
})

describe('events that end by themselves', () => {
  test('are not closed once more', async () => {
    const events = upstream(['a'])
    await chatResponse(events).text()
    expect([events.asked(), events.closed()]).toEqual([2, 0])
  })
})

describe('when the client leaves', () => {
  test('the events are closed at once, also while the next one is awaited', async () => {
    const clock = fakeClock()
    const { signal, listeners } = countedSignal()
    const events = upstream(['a'], 'stall')
    const { read, cancel, closed } = readerOf(chatResponse(events, { signal }))
    await read()
    const waiting = read()
    await clock.pass(0)
    expect([events.asked(), listeners(), clock.timers()]).toEqual([2, 1, 1])
    const left = cancel()
    expect(events.closed()).toBe(1)
    await left
    await closed
    expect(await waiting).toBeUndefined()
    expect([events.closed(), listeners(), clock.timers()]).toEqual([1, 0, 0])
  })

  test('a generator of the caller ends where it next yields, and what it does there harms nobody', async () => {
    let go = (): void => {}
    let isClosed = false
    async function* generate(): AsyncGenerator<string> {
      try {
        yield 'a'
        await new Promise<void>((resolve) => {
          go = resolve
        })
        yield 'b'
      } finally {
        isClosed = true
        // biome-ignore lint/correctness/noUnsafeFinally: a clean-up that fails
        throw new Error('the clean-up failed')
      }
    }
    const { read, cancel } = readerOf(chatResponse(generate()))
    await read()
    const waiting = read()
    await settle()
    await cancel()
    expect(await waiting).toBeUndefined()
    expect(isClosed).toBe(false)
    go()
    await settle()
    expect(isClosed).toBe(true)
  })

  test('before it has read anything, the events are closed unread', async () => {
    const events = upstream(['a'])
    await chatResponse(events).body?.cancel()
    expect([events.asked(), events.closed()]).toEqual([0, 1])
  })

  test('an event that comes too late is dropped, and so is a failure', async () => {
    for (const late of ['resolve', 'reject'] as const) {
      const { promise, resolve, reject } = Promise.withResolvers<IteratorResult<string>>()
      const events = {
        [Symbol.asyncIterator]: () => ({ next: () => promise }),
      } as AsyncIterable<string>
      const onError = vi.fn()
      const { read, cancel } = readerOf(chatResponse(events, { onError }))
      const waiting = read()
      await settle()
      await cancel()
      if (late === 'resolve') resolve({ done: false, value: 'b' })
      else reject(new Error('late'))
      expect(await waiting).toBeUndefined()
      await settle()
      expect(onError).not.toHaveBeenCalled()
    }
  })
})

describe('the heartbeat', () => {
  test('is a comment for each 15 seconds without a frame, and readers skip it', async () => {
    const clock = fakeClock()
    const { promise, resolve } = Promise.withResolvers<void>()
    async function* generate(): AsyncGenerator<ChatEventInit> {
      yield 'a'
      await promise
      yield { type: 'done' }
    }
    const { read } = readerOf(chatResponse(generate()))
    const pieces: (string | undefined)[] = []
    const readAll = async (): Promise<void> => {
      let piece = await read()
      for (; piece !== undefined; piece = await read()) pieces.push(piece)
    }
    const reading = readAll()
    await clock.pass(14_999)
    expect(pieces).toEqual(['data: {"text":"a"}\n\n'])
    await clock.pass(1 + 1500)
    expect(pieces.slice(1)).toEqual([keepalive])
    await clock.pass(15_000 + 1500)
    expect(pieces.slice(1)).toEqual([keepalive, keepalive])
    resolve()
    await reading
    expect(clock.timers()).toBe(0)
    const { text, finishReason } = await collect(readChat(new Response(pieces.join(''))))
    expect([text, finishReason]).toEqual(['a', 'stop'])
  })

  test('may come more often, or before the first frame', async () => {
    const clock = fakeClock()
    const { read, cancel } = readerOf(chatResponse(upstream([], 'stall'), { heartbeatMs: 1000 }))
    const waiting = read()
    await clock.pass(1000)
    expect(await waiting).toBe(keepalive)
    await cancel()
    expect(clock.timers()).toBe(0)
  })

  test.each([0, Infinity])('is off at %s', async (heartbeatMs) => {
    const clock = fakeClock()
    const { read, cancel } = readerOf(chatResponse(upstream([], 'stall'), { heartbeatMs }))
    const waiting = read()
    await clock.pass(0)
    expect(clock.timers()).toBe(0)
    await cancel()
    expect(await waiting).toBeUndefined()
  })

  test('does not pile up for a client that does not read, and leaves no timer then', async () => {
    const clock = fakeClock()
    const events = upstream(['a', 'b'], 'stall')
    const { read } = readerOf(chatResponse(events, { heartbeatMs: 1000 }))
    expect(await read()).toBe('data: {"text":"a"}\n\n')
    await clock.pass(100_000)
    expect(clock.timers()).toBe(0)
    expect(await read()).toBe('data: {"text":"b"}\n\n')
  })

  test('does not ask for another event while one is awaited', async () => {
    const clock = fakeClock()
    const events = upstream([], 'stall')
    const { read, cancel } = readerOf(chatResponse(events, { heartbeatMs: 1000 }))
    for (let beat = 0; beat < 3; beat += 1) {
      const waiting = read()
      await clock.pass(1100)
      expect(await waiting).toBe(keepalive)
    }
    expect(events.asked()).toBe(1)
    await cancel()
  })
})

describe('events that fail', () => {
  const cyclic: { self?: unknown } = {}
  cyclic.self = cyclic

  test('before the first of them are an error with its end', async () => {
    const wire = await wireOf([], { error: new Error('SECRET') })
    expect(payloadsOf(wire)).toEqual([unexplained, failed, DONE])
  })

  test('midway are an error after what came before', async () => {
    const events = upstream(['a'], {
      error: new ChatError('network', 'Lost.', { retryable: true }),
    })
    expect(payloadsOf(await chatResponse(events).text())).toEqual([
      '{"text":"a"}',
      '{"error":"Lost.","code":"network","retryable":true}',
      failed,
      DONE,
    ])
    // They have ended by themselves.
    expect(events.closed()).toBe(0)
  })

  test('after an error event keep that error', async () => {
    const error = new ChatError('provider', 'Busy.')
    const wire = await wireOf([{ type: 'error', error }], { error: new Error('SECRET') })
    expect(payloadsOf(wire)).toEqual(['{"error":"Busy.","retryable":false}', failed, DONE])
  })

  test.each([
    ['a cycle', { type: 'data', name: 'x', data: cyclic }],
    ['a bigint', { type: 'data', name: 'x', data: 1n }],
    ['no event', undefined],
    ['null', null],
  ])('by what cannot be written (%s) end, and are closed', async (_name, event) => {
    const events = upstream(['a', event as ChatEventInit, 'b'])
    expect(payloadsOf(await chatResponse(events).text())).toEqual([
      '{"text":"a"}',
      unexplained,
      failed,
      DONE,
    ])
    expect(events.closed()).toBe(1)
  })
})

describe('onError', () => {
  test('is called once with what was thrown, and may say what the client is told', async () => {
    const thrown = new Error('SECRET')
    const onError = vi.fn((error: unknown) => `Sorry (${(error as Error).message.length}).`)
    const wire = await wireOf(['a'], { error: thrown }, { onError })
    expect(payloadsOf(wire)[1]).toBe('{"error":"Sorry (6).","retryable":false}')
    expect(onError.mock.calls).toEqual([[thrown]])
  })

  test('is called with the error among the events, whose code is told all the same', async () => {
    const error = new ChatError('http', 'No.', { status: 401 })
    const onError = vi.fn(() => 'Ask the operator.')
    const wire = await wireOf([{ type: 'error', error }, { type: 'done' }], 'end', { onError })
    expect(payloadsOf(wire)[0]).toBe(
      '{"error":"Ask the operator.","code":"http","retryable":false}',
    )
    expect(onError.mock.calls).toEqual([[error]])
  })

  test.each([
    ['returns nothing', () => undefined],
    [
      'throws',
      () => {
        throw new Error('SECRET')
      },
    ],
    ['rejects', async () => Promise.reject(new Error('SECRET'))],
  ])('that %s changes nothing', async (_name, onError) => {
    const wire = await wireOf([], { error: new Error('SECRET') }, { onError })
    expect(payloadsOf(wire)).toEqual([unexplained, failed, DONE])
  })

  test('is not called for an answer that did not fail', async () => {
    const onError = vi.fn()
    await wireOf(['a'], 'end', { onError })
    await wireOf(['a', { type: 'done', finishReason: 'aborted' }], 'end', { onError })
    expect(onError).not.toHaveBeenCalled()
  })
})

describe('the signal', () => {
  const aborted = '{"done":true,"finishReason":"aborted","rawFinishReason":null}'

  test('ends the answer as aborted and closes the events', async () => {
    const clock = fakeClock()
    const { signal, abort, listeners } = countedSignal()
    const events = upstream(['a'], 'stall')
    const { read } = readerOf(chatResponse(events, { signal }))
    await read()
    const waiting = read()
    await clock.pass(0)
    abort.abort()
    expect(events.closed()).toBe(1)
    expect(payloadsOf((await waiting) ?? '')).toEqual([aborted, DONE])
    expect(await read()).toBeUndefined()
    expect([listeners(), clock.timers()]).toEqual([0, 0])
  })

  test('that aborts between two reads keeps what was not read yet', async () => {
    const { signal, abort } = countedSignal()
    const { read } = readerOf(chatResponse(upstream(['a', 'b']), { signal }))
    expect(await read()).toBe('data: {"text":"a"}\n\n')
    abort.abort()
    expect(payloadsOf((await read()) ?? '')).toEqual([aborted, DONE])
    expect(await read()).toBeUndefined()
  })

  test('that is aborted already takes no event', async () => {
    const events = upstream(['a'])
    const wire = await chatResponse(events, { signal: AbortSignal.abort() }).text()
    expect(payloadsOf(wire)).toEqual([aborted, DONE])
    expect([events.asked(), events.closed()]).toEqual([0, 1])
  })

  test('of AbortSignal.timeout() is an error', async () => {
    const signal = AbortSignal.timeout(5)
    const wire = await chatResponse(upstream([], 'stall'), { signal }).text()
    expect(payloadsOf(wire)).toEqual([
      '{"error":"The AbortSignal.timeout() given as signal ran out.","code":"timeout","retryable":false}',
      failed,
      DONE,
    ])
  })

  test('has no listener of ours once the answer is over', async () => {
    const { signal, abort, listeners } = countedSignal()
    for (const ending of ['end', { error: new Error('x') }] as const) {
      await wireOf(['a'], ending, { signal })
      expect(listeners()).toBe(0)
    }
    abort.abort()
  })
})
