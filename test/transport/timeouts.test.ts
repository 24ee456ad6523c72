import { readChat, streamChat } from 'chatwire'
import { describe, expect, test } from 'vitest'
import { type FakeClock, fakeClock } from '../helpers/clock.ts'
import { checkPromises, run } from '../helpers/run.ts'
import { brief, errorOf, follow } from './brief.ts'
import { deafFetch, delta, feed, finish, silentFetch, url } from './feed.ts'

/** How late a clock of so many milliseconds may be: a tenth. It must never be early. */
const slack = (ms: number): number => Math.ceil(ms / 10)

const off = { response: 0, idle: 0, content: 0 }

/** Sends a comment every so often. */
async function keepAlive(clock: FakeClock, source: { send(part: string): void }, everyMs: number) {
  for (let count = 0; count < 10; count += 1) {
    await clock.pass(everyMs)
    source.send(': keepalive\n\n')
    await clock.pass(0)
  }
}

describe('timeout.response', () => {
  for (const [name, fetch] of Object.entries({ silentFetch, deafFetch })) {
    test(`fires when no headers came in time (${name})`, async () => {
      const clock = fakeClock()
      const { events } = follow(streamChat({ url, fetch, timeout: { response: 1000 } }))
      await clock.pass(999)
      expect(events).toEqual([])
      await clock.pass(1 + slack(1000))
      expect(brief(events)).toEqual(['error timeout', 'done error: '])
      expect(errorOf(events)).toMatchObject({ phase: 'response', timeoutMs: 1000, retryable: true })
      checkPromises(events)
      expect(clock.timers()).toBe(0)
    })
  }

  test('is 300 seconds unless given', async () => {
    const clock = fakeClock()
    const { events } = follow(streamChat({ url, fetch: deafFetch }))
    await clock.pass(299_999)
    expect(events).toEqual([])
    await clock.pass(1 + slack(300_000))
    expect(errorOf(events)).toMatchObject({ phase: 'response', timeoutMs: 300_000 })
  })

  test('stops once the headers are there', async () => {
    const clock = fakeClock()
    const { fetch, send } = feed()
    const late: typeof globalThis.fetch = (input, init) =>
      new Promise((resolve) => setTimeout(() => resolve(fetch(input, init)), 900))
    const { events } = follow(streamChat({ url, fetch: late, timeout: { ...off, response: 1000 } }))
    await clock.pass(60_000)
    expect(events).toEqual([])
    expect(clock.timers()).toBe(0)
    send([{ text: 'Hi' }, '[DONE]'])
    await clock.pass(0)
    expect(brief(events)).toEqual(['text Hi', 'done stop: Hi'])
  })

  test('closes a response that comes too late', async () => {
    const clock = fakeClock()
    const { fetch, cancels } = feed()
    const late: typeof globalThis.fetch = (input, init) =>
      new Promise((resolve) => setTimeout(() => resolve(fetch(input, init)), 2000))
    const { events } = follow(streamChat({ url, fetch: late, timeout: { response: 1000 } }))
    await clock.pass(3000)
    expect(brief(events)).toEqual(['error timeout', 'done error: '])
    expect(cancels).toHaveLength(1)
  })
})

describe('timeout.idle', () => {
  test('fires when no byte came for so long, after the text that came', async () => {
    const clock = fakeClock()
    const { fetch, send, cancels } = feed()
    const { events } = follow(streamChat({ url, fetch, timeout: { idle: 1000 } }))
    await clock.pass(600)
    send([{ text: 'Hel' }])
    await clock.pass(600)
    send([{ text: 'lo' }])
    await clock.pass(999)
    expect(brief(events)).toEqual(['text Hel', 'text lo'])
    await clock.pass(1 + slack(1000))
    expect(brief(events)).toEqual(['text Hel', 'text lo', 'error timeout', 'done error: Hello'])
    expect(errorOf(events)).toMatchObject({ phase: 'idle', timeoutMs: 1000, retryable: true })
    checkPromises(events)
    expect(cancels).toHaveLength(1)
    expect(clock.timers()).toBe(0)
  })

  test('counts from the headers, if not one byte comes', async () => {
    const clock = fakeClock()
    const { fetch } = feed()
    const { events } = follow(streamChat({ url, fetch, timeout: { idle: 1000 } }))
    await clock.pass(1000 + slack(1000))
    expect(brief(events)).toEqual(['error timeout', 'done error: '])
  })

  test('is 300 seconds unless given', async () => {
    const clock = fakeClock()
    const { fetch } = feed()
    const { events } = follow(streamChat({ url, fetch }))
    await clock.pass(299_999)
    expect(events).toEqual([])
    await clock.pass(1 + slack(300_000))
    expect(errorOf(events)).toMatchObject({ phase: 'idle', timeoutMs: 300_000 })
  })

  test('any byte sets it back: a comment, or a part of a line', async () => {
    const clock = fakeClock()
    const { fetch, send } = feed()
    const { events } = follow(streamChat({ url, fetch, timeout: { idle: 1000 } }))
    await keepAlive(clock, { send }, 900)
    for (const part of ['data', ': {"text"', ':"Hi"}', '\n', '\n']) {
      send(part)
      await clock.pass(900)
    }
    expect(brief(events)).toEqual(['text Hi'])
    await clock.pass(100 + slack(1000))
    expect(brief(events)).toEqual(['text Hi', 'error timeout', 'done error: Hi'])
  })

  test('guards readChat as well', async () => {
    const clock = fakeClock()
    const stream = new ReadableStream<Uint8Array>()
    const { events } = follow(readChat(stream, { timeout: { idle: 50 } }))
    await clock.pass(49)
    expect(events).toEqual([])
    await clock.pass(1 + slack(50))
    expect(errorOf(events)).toMatchObject({ code: 'timeout', phase: 'idle', timeoutMs: 50 })
  })

  test('does not run while the driver reads nothing because the consumer is busy', async () => {
    const clock = fakeClock()
    const { fetch, send } = feed()
    const options = { readAheadBytes: 0, timeout: { idle: 1000, content: 1000 } }
    const stream = streamChat({ url, fetch, ...options })
    const first = stream.next()
    await clock.pass(0)
    send([{ text: 'Hel' }])
    expect(await first).toEqual({ done: false, value: { type: 'text', text: 'Hel' } })
    await clock.pass(100_000)

    const { events } = follow(stream)
    await clock.pass(999)
    expect(events).toEqual([])
    await clock.pass(1 + slack(1000))
    expect(brief(events)).toEqual(['error timeout', 'done error: Hel'])
    expect(clock.timers()).toBe(0)
  })

  test('runs while the driver reads ahead of a busy consumer', async () => {
    const clock = fakeClock()
    const { fetch, send } = feed()
    const stream = streamChat({ url, fetch, timeout: { idle: 1000 } })
    const first = stream.next()
    await clock.pass(0)
    send([{ text: 'Hel' }])
    await first
    await clock.pass(1000 + slack(1000))
    const { events } = follow(stream)
    await clock.pass(0)
    expect(brief(events)).toEqual(['error timeout', 'done error: Hel'])
  })
})

describe('timeout.content', () => {
  test('fires while keepalives come, but nothing else', async () => {
    const clock = fakeClock()
    const { fetch, send } = feed()
    const { events } = follow(streamChat({ url, fetch, timeout: { idle: 1000, content: 4000 } }))
    await clock.pass(0)
    send([{ text: 'Hi' }])
    await clock.pass(0)
    const alive = keepAlive(clock, { send }, 399)
    await alive
    expect(brief(events)).toEqual(['text Hi'])
    await clock.pass(9)
    expect(brief(events)).toEqual(['text Hi'])
    await clock.pass(1 + slack(4000))
    expect(brief(events)).toEqual(['text Hi', 'error timeout', 'done error: Hi'])
    expect(errorOf(events)).toMatchObject({ phase: 'content', timeoutMs: 4000, retryable: true })
    expect(clock.timers()).toBe(0)
  })

  test('counts from the headers, if no content comes at all', async () => {
    const clock = fakeClock()
    const { fetch, send } = feed()
    const { events } = follow(streamChat({ url, fetch, timeout: { content: 3000 } }))
    const alive = keepAlive(clock, { send }, 290)
    await alive
    expect(events).toEqual([])
    await clock.pass(100 + slack(3000))
    expect(errorOf(events)).toMatchObject({ phase: 'content', timeoutMs: 3000 })
  })

  test('is set back by text, reasoning, tool and data events', async () => {
    const clock = fakeClock()
    const { fetch, send } = feed()
    const { events } = follow(streamChat({ url, fetch, timeout: { content: 1000 } }))
    const frames = [
      { choices: [{ delta: { reasoning_content: 'Hm' } }] },
      { choices: [{ delta: { tool_calls: [{ index: 0, id: 'c', function: { name: 'f' } }] } }] },
      { choices: [{ delta: { content: 'Hi' } }] },
    ]
    await clock.pass(0)
    for (const frame of frames) {
      await clock.pass(900)
      send([frame])
      await clock.pass(0)
    }
    await clock.pass(999)
    expect(events.map(({ type }) => type)).toEqual(['reasoning', 'tool-call-delta', 'text'])
    await clock.pass(1 + slack(1000))
    expect(errorOf(events)).toMatchObject({ phase: 'content' })
  })

  test('is off unless given', async () => {
    const clock = fakeClock()
    const { fetch, send } = feed()
    const { events } = follow(streamChat({ url, fetch }))
    await clock.pass(0)
    await keepAlive(clock, { send }, 299_000)
    expect(events).toEqual([])
  })

  test('goes on with the reading, after the driver had stopped for a busy consumer', async () => {
    const clock = fakeClock()
    const { fetch, send } = feed()
    const options = { readAheadBytes: 0, timeout: { idle: 0, content: 4000 } }
    const stream = streamChat({ url, fetch, ...options })
    const first = stream.next()
    await clock.pass(0)
    send([{ text: 'Hi' }])
    await first
    await clock.pass(100_000)

    const { events } = follow(stream)
    await keepAlive(clock, { send }, 399)
    expect(events).toEqual([])
    await clock.pass(10 + slack(4000))
    expect(brief(events)).toEqual(['error timeout', 'done error: Hi'])
    expect(errorOf(events)).toMatchObject({ phase: 'content' })
  })
})

describe('a clock', () => {
  for (const ms of [0, Number.POSITIVE_INFINITY, 2 ** 31, 1e15]) {
    test(`of ${ms} ms never fires`, async () => {
      const clock = fakeClock()
      const timeout = { response: ms, idle: ms, content: ms }
      const { fetch, send } = feed()
      const waiting = streamChat({ url, fetch: deafFetch, timeout })
      const unanswered = follow(waiting)
      const { events } = follow(streamChat({ url, fetch, timeout }))
      await clock.pass(0)
      expect(clock.timers()).toBe(0)
      await clock.pass(86_400_000)
      expect(unanswered.events).toEqual([])
      send([{ text: 'Hi' }])
      await clock.pass(86_400_000)
      expect(brief(events)).toEqual(['text Hi'])
      await waiting.return()
    })
  }
})

describe('after the finish reason', () => {
  for (const reason of ['stop', 'length']) {
    test(`a quiet connection ends with that reason, ${reason}, and is no error`, async () => {
      const clock = fakeClock()
      const { fetch, send, cancels } = feed()
      const { events } = follow(streamChat({ url, fetch, timeout: { idle: 1000 } }))
      await clock.pass(0)
      send([delta('Hi'), finish(reason)])
      await clock.pass(999)
      expect(brief(events)).toEqual(['text Hi'])
      await clock.pass(1 + slack(1000))
      expect(brief(events)).toEqual(['text Hi', `done ${reason}: Hi`])
      expect(cancels).toHaveLength(1)
    })
  }

  test('keepalives without end end with that reason, by the content clock', async () => {
    const clock = fakeClock()
    const { fetch, send } = feed()
    const { events } = follow(streamChat({ url, fetch, timeout: { content: 1000 } }))
    await clock.pass(0)
    send([delta('Hi'), finish('stop')])
    await clock.pass(500)
    send(': keepalive\n\n')
    await clock.pass(500 + slack(1000))
    expect(brief(events)).toEqual(['text Hi', 'done stop: Hi'])
  })

  test('a lost connection ends with that reason and is no error', async () => {
    const clock = fakeClock()
    const { fetch, send, fail } = feed()
    const { events } = follow(streamChat({ url, fetch }))
    await clock.pass(0)
    send([delta('Hi'), finish('length')])
    await clock.pass(0)
    fail(new TypeError('terminated'))
    await clock.pass(0)
    expect(brief(events)).toEqual(['text Hi', 'done length: Hi'])
  })

  const faults: Record<string, { frames: unknown[]; code: string }> = {
    'a frame that cannot be read': { frames: ['{"choices":'], code: 'malformed' },
    'an error of the server': { frames: [{ error: { message: 'busy' } }], code: 'provider' },
    'an event that is too large': { frames: ['x'.repeat(2000)], code: 'too-large' },
    'a tap that throws': { frames: [{ tap: true }], code: 'callback' },
  }
  for (const [name, { frames, code }] of Object.entries(faults)) {
    test(`${name} is still an error`, async () => {
      const { fetch, send } = feed()
      send([delta('Hi'), finish('stop')], frames)
      const onFrame = ({ data }: { data: string }) => {
        if (data.includes('tap')) throw new Error('tap')
      }
      const events = await run(streamChat({ url, fetch, onFrame, maxEventSize: 1000 }))
      expect(brief(events)).toEqual(['text Hi', `error ${code}`, 'done error: Hi'])
      checkPromises(events)
    })
  }

  test('a deadline of the caller is still a timeout', async () => {
    const clock = fakeClock()
    const { fetch, send } = feed()
    const abort = new AbortController()
    const { events } = follow(streamChat({ url, fetch, signal: abort.signal }))
    await clock.pass(0)
    send([delta('Hi'), finish('stop')])
    await clock.pass(0)
    abort.abort(new DOMException('timed out', 'TimeoutError'))
    await clock.pass(0)
    expect(brief(events)).toEqual(['text Hi', 'error timeout', 'done error: Hi'])
  })

  test('an abort is still an abort', async () => {
    const clock = fakeClock()
    const { fetch, send } = feed()
    const abort = new AbortController()
    const { events } = follow(streamChat({ url, fetch, signal: abort.signal }))
    await clock.pass(0)
    send([delta('Hi'), finish('stop')])
    await clock.pass(0)
    abort.abort()
    await clock.pass(0)
    expect(brief(events)).toEqual(['text Hi', 'done aborted: Hi'])
  })
})

describe('AbortSignal.timeout() as signal', () => {
  test('is a timeout of phase signal, after the text that came', async () => {
    const { fetch, send, cancels } = feed()
    send([{ text: 'Hi' }])
    const stream = streamChat({ url, fetch, signal: AbortSignal.timeout(40) })
    const events = []
    for await (const event of stream) events.push(event)
    expect(brief(events)).toEqual(['text Hi', 'error timeout', 'done error: Hi'])
    expect(errorOf(events)).toMatchObject({ phase: 'signal' })
    expect(errorOf(events)).not.toHaveProperty('timeoutMs')
    expect(cancels).toHaveLength(1)
    checkPromises(events)
  })

  test('before the headers is a timeout too', async () => {
    const stream = streamChat({ url, fetch: deafFetch, signal: AbortSignal.timeout(10) })
    const events = []
    for await (const event of stream) events.push(event)
    expect(brief(events)).toEqual(['error timeout', 'done error: '])
    expect(errorOf(events)).toMatchObject({ phase: 'signal' })
  })

  test('that has already run out sends no request', async () => {
    const { fetch, calls } = feed()
    const signal = AbortSignal.abort(new DOMException('timed out', 'TimeoutError'))
    const events = []
    for await (const event of streamChat({ url, fetch, signal })) events.push(event)
    expect(brief(events)).toEqual(['error timeout', 'done error: '])
    expect(calls).toEqual([])
  })

  test('as one of several signals is told by the reason', async () => {
    const { fetch } = feed()
    const signal = AbortSignal.any([new AbortController().signal, AbortSignal.timeout(10)])
    const events = []
    for await (const event of streamChat({ url, fetch, signal })) events.push(event)
    expect(errorOf(events)).toMatchObject({ code: 'timeout', phase: 'signal' })
  })

  test('does not take away events that wait to be taken', async () => {
    const clock = fakeClock()
    const { fetch, send } = feed()
    const abort = new AbortController()
    const stream = streamChat({ url, fetch, signal: abort.signal })
    const first = stream.next()
    await clock.pass(0)
    send([{ text: 'a' }])
    await first
    send([{ text: 'b' }, { reasoning: 'c' }])
    await clock.pass(0)
    abort.abort(new DOMException('timed out', 'TimeoutError'))
    const { events } = follow(stream)
    await clock.pass(0)
    expect(brief(events)).toEqual(['text b', 'reasoning c', 'error timeout', 'done error: ab'])
  })
})
