import { type ChatInit, streamChat, streamEvents } from 'chatwire'
import { describe, expect, test } from 'vitest'
import { fakeClock } from '../helpers/clock.ts'
import { checkPromises } from '../helpers/run.ts'
import { type Attempt, attempts, fixedRandom, waits } from './attempts.ts'
import { brief, errorOf, follow } from './brief.ts'
import { deafFetch, delta, url } from './feed.ts'

const answer: Attempt = { body: [[{ text: 'Hi' }, '[DONE]']] }
const busy: Attempt = { status: 503, headers: { 'content-type': 'text/plain' }, body: ['busy'] }

/** Plays the attempts, with all the time they need. */
async function play(script: readonly Attempt[], init: Partial<ChatInit> = {}) {
  const clock = fakeClock()
  const played = attempts(...script)
  const { events } = follow(streamChat({ url, fetch: played.fetch, ...init }))
  await clock.pass(10 * 60_000)
  checkPromises(events)
  expect(clock.timers()).toBe(0)
  return { ...played, events, waits: waits(played) }
}

describe('retry', () => {
  test('is off unless asked for', async () => {
    const { events, calls } = await play([busy, answer])
    expect(brief(events)).toEqual(['error http', 'done error: '])
    expect(calls).toHaveLength(1)
  })

  const retried: Record<string, Attempt> = {
    'a refused connection': { status: 'refused' },
    'a connection lost before any event': { ending: 'is lost' },
    'a connection lost after a keepalive': { body: [': ping\n\n'], ending: 'is lost' },
    ...Object.fromEntries(
      [408, 425, 429, 500, 502, 503, 504, 529].map((status) => [`status ${status}`, { status }]),
    ),
  }
  for (const [name, first] of Object.entries(retried)) {
    test(`sends the request again after ${name}`, async () => {
      const { events, calls } = await play([first, answer], { retry: 1 })
      expect(brief(events)).toEqual(['text Hi', 'done stop: Hi'])
      expect(calls).toHaveLength(2)
    })
  }

  const final: Record<string, [Attempt, string]> = {
    'status 400': [{ status: 400 }, 'http'],
    'status 401': [{ status: 401 }, 'http'],
    'status 404': [{ status: 404 }, 'http'],
    'an HTML page': [{ headers: { 'content-type': 'text/html' }, body: ['<p>'] }, 'content-type'],
    'an empty body': [{}, 'truncated'],
    'an error in the stream': [{ body: [[{ error: 'overloaded' }]] }, 'provider'],
    'a frame that is no JSON': [{ body: [[delta('')], 'data: {"x\n\n'] }, 'malformed'],
  }
  for (const [name, [first, code]] of Object.entries(final)) {
    test(`sends nothing again after ${name}`, async () => {
      const { events, calls } = await play([first, answer], { retry: 3 })
      expect(brief(events)).toEqual([`error ${code}`, 'done error: '])
      expect(calls).toHaveLength(1)
    })
  }

  test('sends nothing again once an event came', async () => {
    const lost: Attempt = { body: [[{ text: 'H' }]], ending: 'is lost' }
    const { events, calls } = await play([lost, answer], { retry: 3 })
    expect(brief(events)).toEqual(['text H', 'error network', 'done error: H'])
    expect(calls).toHaveLength(1)
  })

  test('sends nothing again after a clean answer', async () => {
    const { events, calls } = await play([answer], { retry: 3 })
    expect(brief(events)).toEqual(['text Hi', 'done stop: Hi'])
    expect(calls).toHaveLength(1)
  })

  test('sends nothing again if the answer was finished when the connection was lost', async () => {
    const finished = { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }
    const { events, calls } = await play([{ body: [[finished]], ending: 'is lost' }], { retry: 3 })
    expect(brief(events)).toEqual(['done stop: '])
    expect(calls).toHaveLength(1)
  })

  test('ends with the last error after so many retries', async () => {
    const { events, calls } = await play([{ status: 'refused' }, busy], { retry: 2 })
    expect(calls).toHaveLength(3)
    expect(errorOf(events)).toMatchObject({ code: 'http', status: 503, body: 'busy' })
  })

  test('forgets what the failed attempt said', async () => {
    const lost: Attempt = { body: [[{ ...(delta('') as object), id: 'first' }]], ending: 'is lost' }
    const { events } = await play([lost, answer], { retry: 1 })
    expect(brief(events)).toEqual(['text Hi', 'done stop: Hi'])
  })

  test('sends the same request, its body intact', async () => {
    const request = new Request(url, { method: 'POST', body: 'prompt', headers: { 'x-key': 'k' } })
    const { calls } = await play([busy, busy, answer], { url: request, retry: 2 })
    expect(calls).toHaveLength(3)
    for (const { input, init } of calls) {
      expect(await (input as Request).text()).toBe('prompt')
      expect(new Headers(init.headers).get('x-key')).toBe('k')
    }
    const json = await play([busy, answer], { json: { a: 1 }, retry: 1 })
    expect(json.calls.map(({ init }) => [init.method, init.body])).toEqual([
      ['POST', '{"a":1}'],
      ['POST', '{"a":1}'],
    ])
  })

  test('needs a body that can be sent twice', () => {
    const body = new ReadableStream()
    expect(() => streamChat({ url, method: 'POST', body, retry: 1 })).toThrow(
      new TypeError('retry needs a body that can be sent again, not a stream'),
    )
  })

  test('closes the connections of failed attempts', async () => {
    const endless: Attempt = { status: 503, body: ['x'.repeat(70_000)], ending: 'stalls' }
    const { calls, cancelled } = await play([endless, endless, answer], { retry: 2 })
    expect(calls.slice(0, 2).map(({ init }) => init.signal?.aborted)).toEqual([true, true])
    // The third is the answer's: its end marker came before its end.
    expect(cancelled()).toBe(3)
  })

  test('happens after timeout.response too, and aborts the silent request', async () => {
    const clock = fakeClock()
    const later = attempts(answer)
    const signals: (AbortSignal | null | undefined)[] = []
    const fetch: typeof globalThis.fetch = (input, init) => {
      signals.push(init?.signal)
      return signals.length === 1 ? deafFetch(input, init) : later.fetch(input, init)
    }
    const { events } = follow(streamChat({ url, fetch, retry: 1, timeout: { response: 1000 } }))
    await clock.pass(60_000)
    expect(brief(events)).toEqual(['text Hi', 'done stop: Hi'])
    expect(signals.map((signal) => signal?.aborted)).toEqual([true, true])
  })
})

describe('the wait before a retry', () => {
  test('is at most half a second, and twice as long each time, up to 30 s', async () => {
    fixedRandom(1)
    const { waits } = await play([busy], { retry: 8 })
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000])
  })

  test('may be anything below that', async () => {
    fixedRandom(0.02)
    const { waits } = await play([busy], { retry: 3 })
    expect(waits).toEqual([10, 20, 40])
    fixedRandom(0.5)
    expect((await play([busy], { retry: 3 })).waits).toEqual([250, 500, 1000])
  })

  test('has the bounds that the options give', async () => {
    fixedRandom(1)
    const retry = { retries: 4, minDelayMs: 10, maxDelayMs: 50 }
    expect((await play([busy], { retry })).waits).toEqual([10, 20, 40, 50])
  })

  test('is as long as the server asks for', async () => {
    fixedRandom(0.5)
    const asking = (name: string, value: string): Attempt => ({
      status: 429,
      headers: { [name]: value },
    })
    const { waits } = await play(
      [
        asking('retry-after', '2'),
        asking('retry-after-ms', '350'),
        asking('retry-after', 'abc'),
        asking('retry-after', '1e9'),
        answer,
      ],
      { retry: 4 },
    )
    expect(waits).toEqual([2000, 350, 1000, 2000])
    // A date is relative to the clock, which the first answer moved.
    const soon = new Date(Date.now() + 20_000).toUTCString()
    const dated = await play([asking('retry-after', soon), answer], { retry: 1 })
    expect(dated.waits[0]).toBeGreaterThan(18_000)
    expect(dated.waits[0]).toBeLessThanOrEqual(20_000)
  })

  test('that the server asks for is not taken if it is longer than the longest', async () => {
    for (const value of ['31', '99999999999999999999', 'Fri, 01 Jan 2100 00:00:00 GMT']) {
      const first: Attempt = { status: 429, headers: { 'retry-after': value } }
      const { events, calls } = await play([first, answer], { retry: 3 })
      expect(calls).toHaveLength(1)
      expect(errorOf(events)).toMatchObject({ code: 'http', status: 429, retryable: true })
    }
  })

  test('ends with an abort, without another request', async () => {
    const clock = fakeClock()
    fixedRandom(1)
    const { fetch, calls } = attempts(busy, answer)
    const controller = new AbortController()
    const { events } = follow(streamChat({ url, fetch, retry: 5, signal: controller.signal }))
    await clock.pass(499)
    expect(events).toEqual([])
    controller.abort()
    await clock.pass(0)
    expect(brief(events)).toEqual(['done aborted: '])
    expect(clock.timers()).toBe(0)
    await clock.pass(60_000)
    expect(calls).toHaveLength(1)
  })

  test('ends when the stream is left', async () => {
    const clock = fakeClock()
    fixedRandom(1)
    const { fetch, calls } = attempts(busy, answer)
    const stream = streamChat({ url, fetch, retry: 5 })
    const next = stream.next()
    await clock.pass(100)
    await stream.return(undefined)
    expect(await next).toEqual({ done: true, value: undefined })
    expect(clock.timers()).toBe(0)
    await clock.pass(60_000)
    expect(calls).toHaveLength(1)
  })
})

test('onResponse sees the response of each attempt', async () => {
  const seen: number[] = []
  await play([busy, answer], { retry: 1, onResponse: ({ status }) => void seen.push(status) })
  expect(seen).toEqual([503, 200])
})

test('retry of an event stream ends with its first event', async () => {
  const clock = fakeClock()
  const played = attempts({ status: 'refused' }, { body: ['data: a\n\n'], ending: 'is lost' })
  const data: string[] = []
  const read = async (): Promise<unknown> => {
    for await (const event of streamEvents({ url, fetch: played.fetch, retry: 5 })) {
      data.push(event.data)
    }
    return undefined
  }
  const outcome = read().catch((error: unknown) => error)
  await clock.pass(60_000)
  expect(await outcome).toMatchObject({ code: 'network' })
  expect(data).toEqual(['a'])
  expect(played.calls).toHaveLength(2)
})

for (const [name, retry] of Object.entries({
  negative: -1,
  'not a number': NaN,
  'a string': '2',
  null: null,
  'without retries that are a number': { retries: 'many' },
})) {
  test(`retry that is ${name} is a TypeError`, () => {
    expect(() => streamChat({ url, retry: retry as number })).toThrow(TypeError)
  })
}
