import { type ChatCursor, type ChatInit, type EventsInit, streamChat, streamEvents } from 'chatwire'
import { describe, expect, test } from 'vitest'
import { fakeClock } from '../helpers/clock.ts'
import { checkPromises } from '../helpers/run.ts'
import { type Attempt, attempts, fixedRandom, waits } from './attempts.ts'
import { brief, errorOf, follow } from './brief.ts'
import { delta, finish, url } from './feed.ts'

/** A frame with an id, as a server that can resume sends it. */
const frame = (id: string, payload: unknown): string =>
  `id: ${id}\ndata: ${typeof payload === 'string' ? payload : JSON.stringify(payload)}\n\n`

const first: Attempt = { body: [frame('1', delta('Hel'))], ending: 'is lost' }
const rest: Attempt = {
  body: [frame('2', delta('lo')), frame('3', finish('stop')), 'data: [DONE]\n\n'],
}

/** Plays the attempts, with all the time they need; `resume` goes on at the same address. */
async function play(script: readonly Attempt[], init: Partial<ChatInit> = {}) {
  const clock = fakeClock()
  const played = attempts(...script)
  const cursors: ChatCursor[] = []
  const { events } = follow(
    streamChat({
      url,
      fetch: played.fetch,
      resume(cursor) {
        cursors.push(cursor)
        return { url }
      },
      ...init,
    }),
  )
  await clock.pass(20 * 60_000)
  checkPromises(events)
  expect(clock.timers()).toBe(0)
  return { ...played, events, cursors, waits: waits(played) }
}

const headersOf = ({ calls }: { calls: { init: RequestInit }[] }, name: string) =>
  calls.map(({ init }) => new Headers(init.headers).get(name))

/** Header bytes as the text they are in UTF-8. */
const fromUtf8 = (bytes: string | null): string =>
  new TextDecoder().decode(Uint8Array.from(bytes ?? '', (byte) => byte.charCodeAt(0)))

describe('resume', () => {
  test('goes on where the text stopped', async () => {
    const played = await play([first, rest])
    expect(brief(played.events)).toEqual(['text Hel', 'text lo', 'done stop: Hello'])
    expect(played.cursors).toMatchObject([
      { lastEventId: '1', attempt: 1, result: { text: 'Hel', finishReason: 'unknown' } },
    ])
    expect(headersOf(played, 'last-event-id')).toEqual([null, '1'])
    expect(played.waits).toEqual([1000])
  })

  const lost: Record<string, Attempt> = {
    'the connection was lost': first,
    'the body was cut off': { ...first, ending: 'ends' },
    'the body was cut off within a frame': {
      body: [frame('1', delta('Hel')), 'id: 2\ndata: {"choices":[{"del'],
    },
    'the body was cut off within the id': { body: [frame('1', delta('Hel')), 'id: 22'] },
    'the body was cut off behind the id of the next frame': {
      body: [frame('1', delta('Hel')), 'id: 2\n'],
    },
  }
  for (const [name, attempt] of Object.entries(lost)) {
    test(`is asked when ${name}`, async () => {
      const { events, cursors } = await play([attempt, rest])
      expect(brief(events)).toEqual(['text Hel', 'text lo', 'done stop: Hello'])
      expect(cursors.map(({ lastEventId }) => lastEventId)).toEqual(['1'])
    })
  }

  test('is asked when timeout.idle ran out, and the silent connection is closed', async () => {
    const silent: Attempt = { ...first, ending: 'stalls' }
    const { events, calls, cancelled } = await play([silent, rest], { timeout: { idle: 500 } })
    expect(brief(events)).toEqual(['text Hel', 'text lo', 'done stop: Hello'])
    expect(calls[0]?.init.signal?.aborted).toBe(true)
    expect(cancelled()).toBe(2)
  })

  test('counts a last frame without its blank line if it is whole', async () => {
    const whole: Attempt = { body: [`id: 1\ndata: ${JSON.stringify(delta('Hel'))}`] }
    const { events, cursors } = await play([whole, rest])
    expect(brief(events)).toEqual(['text Hel', 'text lo', 'done stop: Hello'])
    expect(cursors).toMatchObject([{ lastEventId: '1' }])
  })

  test('knows the id of a block without data', async () => {
    const { cursors } = await play([{ body: [frame('1', delta('Hel')), 'id: 1b\n\n'] }, rest])
    expect(cursors).toMatchObject([{ lastEventId: '1b' }])
  })

  test('keeps a tool call that the connections share', async () => {
    const call = (part: object): unknown => ({
      choices: [{ index: 0, delta: { tool_calls: [{ index: 0, ...part }] } }],
    })
    const start = frame('1', call({ id: 'c', function: { name: 'f', arguments: '{"a' } }))
    const { events } = await play([
      { body: [start] },
      {
        body: [
          frame('2', call({ function: { arguments: '":1}' } })),
          frame('3', finish('tool_calls')),
          'data: [DONE]\n\n',
        ],
      },
    ])
    expect(events.at(-1)).toMatchObject({
      finishReason: 'tool-calls',
      toolCalls: [{ id: 'c', name: 'f', input: { a: 1 } }],
    })
  })

  test('keeps text that a buffer holds', async () => {
    const { events } = await play(
      [
        { body: [frame('1', delta('one tw'))] },
        { body: [frame('2', delta('o')), frame('3', finish('stop'))] },
      ],
      { buffer: { maxHoldMs: Infinity } },
    )
    expect(brief(events)).toEqual(['text one ', 'text two', 'done stop: one two'])
  })

  const final: Record<string, [Attempt, string]> = {
    'a status on the first request': [{ status: 503 }, 'http'],
    'an HTML page': [{ headers: { 'content-type': 'text/html' }, body: ['<p>'] }, 'content-type'],
    'an error in the stream': [{ body: [[{ error: 'overloaded' }]] }, 'provider'],
    'a frame that is no JSON': [{ body: [[delta('')], 'data: {"x\n\n'] }, 'malformed'],
  }
  for (const [name, [attempt, code]] of Object.entries(final)) {
    test(`is not asked after ${name}`, async () => {
      const { events, cursors } = await play([attempt, rest])
      expect(brief(events)).toEqual([`error ${code}`, 'done error: '])
      expect(cursors).toEqual([])
    })
  }

  test('is not asked after a clean answer, or one that is finished', async () => {
    expect((await play([rest])).cursors).toEqual([])
    const finished: Attempt = { body: [frame('1', finish('length'))], ending: 'is lost' }
    const { events, cursors } = await play([finished])
    expect(brief(events)).toEqual(['done length: '])
    expect(cursors).toEqual([])
  })

  test('that gives up leaves the error, and no wait', async () => {
    const clock = fakeClock()
    const { fetch } = attempts(first)
    const { events } = follow(streamChat({ url, fetch, resume: () => undefined }))
    await clock.pass(0)
    expect(brief(events)).toEqual(['text Hel', 'error network', 'done error: Hel'])
  })

  test('goes on after a resumed request that failed in a way that may pass', async () => {
    fixedRandom(0)
    const { events, cursors } = await play([
      first,
      { status: 503 },
      { status: 'refused' },
      { status: 429, headers: { 'retry-after': '5' } },
      rest,
    ])
    expect(brief(events)).toEqual(['text Hel', 'text lo', 'done stop: Hello'])
    expect(cursors.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4])
  })

  test('ends with a resumed request that was refused for good', async () => {
    const { events, cursors } = await play([first, { status: 404 }, rest])
    expect(errorOf(events)).toMatchObject({ code: 'http', status: 404 })
    expect(cursors).toHaveLength(1)
  })

  test('counts attempts anew only after an event', async () => {
    const silent: Attempt = { body: [': ping\n\n', 'retry: 100\n\n'], ending: 'is lost' }
    const more: Attempt = { body: [frame('2', delta('l'))], ending: 'is lost' }
    const { cursors } = await play([first, silent, silent, more, silent, rest])
    expect(cursors.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 1, 2])
  })

  test('is not asked again after status 204, which says that there is no more', async () => {
    const { events, cursors } = await play([first, { status: 204 }, rest])
    expect(brief(events)).toEqual(['text Hel', 'error truncated', 'done error: Hel'])
    expect(cursors).toHaveLength(1)
  })

  test('comes after retry, which ends with the first event', async () => {
    fixedRandom(1)
    const { events, calls, cursors } = await play([{ status: 503 }, first, rest], { retry: 5 })
    expect(brief(events)).toEqual(['text Hel', 'text lo', 'done stop: Hello'])
    expect(calls).toHaveLength(3)
    expect(cursors).toHaveLength(1)
  })
})

describe('the wait before resuming', () => {
  const asking: Record<string, number> = {
    '0': 100,
    '1': 100,
    '250': 250,
    '59000': 59_000,
    '60001': 60_000,
    '2147483647': 60_000,
    '2147483648': 60_000,
    '4294967296': 60_000,
    ['9'.repeat(400)]: 60_000,
  }
  for (const [retry, wait] of Object.entries(asking)) {
    test(`is ${wait} ms after retry: ${retry.slice(0, 12)}`, async () => {
      const body = [`retry: ${retry}\n\n`, frame('1', delta('Hel'))]
      expect((await play([{ body, ending: 'is lost' }, rest])).waits).toEqual([wait])
    })
  }

  test('grows with each attempt that brings nothing, up to a minute', async () => {
    fixedRandom(1)
    const { waits } = await play([first, ...Array<Attempt>(7).fill({ status: 502 }), rest])
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000])
  })

  test('is never shorter than the reconnection time', async () => {
    fixedRandom(0)
    const { waits } = await play([first, { status: 502 }, { status: 502 }, rest])
    expect(waits).toEqual([1000, 1000, 1000])
  })

  test('ends with an abort', async () => {
    const clock = fakeClock()
    const { fetch, calls } = attempts(first, rest)
    const controller = new AbortController()
    const { events } = follow(
      streamChat({ url, fetch, resume: () => ({ url }), signal: controller.signal }),
    )
    await clock.pass(500)
    expect(brief(events)).toEqual(['text Hel'])
    controller.abort()
    await clock.pass(60_000)
    expect(brief(events)).toEqual(['text Hel', 'done aborted: Hel'])
    expect(calls).toHaveLength(1)
    expect(clock.timers()).toBe(0)
  })
})

describe('the resumed request', () => {
  for (const id of ['\u2026', '\u00e9', '🙂', 'x'.repeat(5000), 'a b']) {
    test(`sends the last event id ${id.slice(0, 3)} as UTF-8`, async () => {
      const lost: Attempt = { body: [frame(id, delta('Hel'))], ending: 'is lost' }
      const played = await play([lost, rest])
      expect(headersOf(played, 'last-event-id').map(fromUtf8)).toEqual(['', id])
    })
  }

  test('sends the id that the caller names, as UTF-8 too', async () => {
    const played = await play([first, rest], {
      headers: { 'Last-Event-ID': 'é' },
      resume: () => ({ url, headers: [['last-event-id', '…']] }),
    })
    expect(headersOf(played, 'last-event-id').map(fromUtf8)).toEqual(['é', '…'])
  })

  test('goes on from the id of the first request if no other came', async () => {
    const none: Attempt = { ending: 'is lost' }
    const { cursors } = await play([none, rest], { headers: { 'last-event-id': '7' } })
    expect(cursors).toMatchObject([{ lastEventId: '7' }])
  })

  test('carries over fetch, signal, timeouts and limits, and nothing else', async () => {
    const seen: unknown[] = []
    const { calls, events } = await play([first, { ...rest, ending: 'stalls' }], {
      json: { a: 1 },
      headers: { 'x-key': 'k' },
      timeout: { idle: 700 },
      resume: () => ({ url: 'https://chat.test/resume', json: { from: 1 } }),
      onResponse: () => void seen.push('response'),
    })
    expect(brief(events).at(-1)).toBe('done stop: Hello')
    expect(calls.map(({ input, init }) => [input, init.body])).toEqual([
      [url, '{"a":1}'],
      ['https://chat.test/resume', '{"from":1}'],
    ])
    expect(headersOf({ calls }, 'x-key')).toEqual(['k', null])
    expect(seen).toEqual(['response', 'response'])
  })

  test('may have a signal of its own', async () => {
    const clock = fakeClock()
    const before = new AbortController()
    const after = new AbortController()
    const { fetch } = attempts(first, {
      ...rest,
      body: [frame('2', delta('lo'))],
      ending: 'stalls',
    })
    const { events } = follow(
      streamChat({
        url,
        fetch,
        signal: before.signal,
        resume: () => ({ url, signal: after.signal }),
      }),
    )
    await clock.pass(1000)
    before.abort()
    await clock.pass(0)
    expect(brief(events)).toEqual(['text Hel', 'text lo'])
    after.abort()
    await clock.pass(0)
    expect(brief(events)).toEqual(['text Hel', 'text lo', 'done aborted: Hello'])
    expect(clock.timers()).toBe(0)
  })

  const broken: Record<string, () => unknown> = {
    throws: () => {
      throw new Error('no token')
    },
    'returns a promise': async () => ({ url }),
    'returns null': () => null,
    'returns a string': () => url,
    'returns a request without a url': () => ({}),
  }
  for (const [name, resume] of Object.entries(broken)) {
    test(`is a callback error if resume ${name}`, async () => {
      const { events, calls } = await play([first, rest], { resume: resume as never })
      expect(brief(events)).toEqual(['text Hel', 'error callback', 'done error: Hel'])
      expect(calls).toHaveLength(1)
    })
  }

  test('is not sent if resume aborts', async () => {
    const controller = new AbortController()
    const { events, calls } = await play([first, rest], {
      signal: controller.signal,
      resume() {
        controller.abort()
        return { url }
      },
    })
    expect(brief(events).at(-1)).toBe('done aborted: Hel')
    expect(calls).toHaveLength(1)
  })
})

test('resume that is no function is a TypeError', () => {
  expect(() => streamChat({ url, resume: {} as never })).toThrow(TypeError)
})

describe('an event stream', () => {
  async function playEvents(script: readonly Attempt[], init: Partial<EventsInit> = {}) {
    const clock = fakeClock()
    const played = attempts(...script)
    const data: string[] = []
    const ids: string[] = []
    const read = async (): Promise<unknown> => {
      const resume: EventsInit['resume'] = ({ lastEventId, attempt }) => {
        ids.push(`${attempt}: ${lastEventId}`)
        return { url }
      }
      for await (const event of streamEvents({ url, fetch: played.fetch, resume, ...init })) {
        data.push(`${event.lastEventId} ${event.data}`)
      }
      return 'ended'
    }
    const outcome = read().catch((error: unknown) => error)
    await clock.pass(60_000)
    expect(clock.timers()).toBe(0)
    return { ...played, data, ids, outcome: await outcome }
  }

  test('goes on after its end, as EventSource does, with a sticky last event id', async () => {
    const { data, ids, calls, outcome } = await playEvents([
      { body: ['id: 1\ndata: a\n\nid: 2\ndata: cut'] },
      { body: ['data: b\n\n'], ending: 'is lost' },
      { status: 204 },
    ])
    expect(data).toEqual(['1 a', '1 b'])
    expect(ids).toEqual(['1: 1', '1: 1'])
    expect(calls).toHaveLength(3)
    // A 204 is how a server says that there is no more.
    expect(outcome).toBe('ended')
  })

  test('ends when resume gives up after the end of a body', async () => {
    const { outcome, data } = await playEvents([{ body: ['data: a\n\n'] }], {
      resume: () => undefined,
    })
    expect(outcome).toBe('ended')
    expect(data).toEqual([' a'])
  })

  test('throws the error when resume gives up after a lost connection', async () => {
    const { outcome } = await playEvents([{ body: ['data: a\n\n'], ending: 'is lost' }], {
      resume: () => undefined,
    })
    expect(outcome).toMatchObject({ code: 'network' })
  })
})
