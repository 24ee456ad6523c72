import type { ChatInit, ChatStream } from 'chatwire'
import { readChat, streamChat } from 'chatwire'
import { describe, expect, test } from 'vitest'
import { type FakeClock, fakeClock } from '../helpers/clock.ts'
import { sse, utf8 } from '../helpers/encode.ts'
import { checkPromises, run } from '../helpers/run.ts'
import { brief, type Followed, follow } from './brief.ts'
import { delta, type Feed, feed, finish, url, type WatchedAbort, watchedAbort } from './feed.ts'

interface Scene extends Feed {
  clock: FakeClock
  abort: WatchedAbort
  stream: ChatStream
}

/** One way in which a stream can end. */
interface Ending {
  name: string
  /** Brings the end about, while the stream is being read. */
  play(scene: Scene): unknown
  /** What has been handed out by then; a stream that was left has no `done`. */
  events: readonly string[]
  /** How often the body is cancelled: not if it has ended or failed by itself by then. */
  cancels?: 0 | 1
  /** How the server answers. */
  status?: number
  contentType?: string
  options?: Partial<ChatInit>
}

const endings: readonly Ending[] = [
  {
    name: 'the end marker, in a chunk of its own',
    play: ({ send }) => send(['[DONE]']),
    events: ['done stop: '],
    cancels: 1,
  },
  {
    name: 'the end marker, in the same chunk as the text',
    play: ({ send }) => send([{ text: 'Hi' }, '[DONE]']),
    events: ['text Hi', 'done stop: Hi'],
    cancels: 1,
  },
  {
    name: 'the end marker, then the end of the body',
    play: ({ send, end }) => {
      send([{ text: 'Hi' }, '[DONE]'])
      end()
    },
    events: ['text Hi', 'done stop: Hi'],
  },
  {
    name: 'the end of the body without a marker',
    play: ({ send, end }) => {
      send([{ text: 'Hi' }])
      end()
    },
    events: ['text Hi', 'done unknown: Hi'],
    cancels: 0,
  },
  {
    name: 'the end of the body before the marker that the format has',
    play: ({ send, end }) => {
      send([delta('Hi')])
      end()
    },
    events: ['text Hi', 'error truncated', 'done error: Hi'],
    cancels: 0,
  },
  {
    name: 'the end of the body inside a frame',
    play: ({ send, end }) => {
      send([{ text: 'Hi' }], 'data: {"text":')
      end()
    },
    events: ['text Hi', 'error truncated', 'done error: Hi'],
    cancels: 0,
  },
  {
    name: 'the end of a body with a finish reason but no marker',
    play: ({ send, end }) => {
      send([delta('Hi'), finish('stop')])
      end()
    },
    events: ['text Hi', 'done stop: Hi'],
    cancels: 0,
  },
  {
    name: 'an empty body',
    play: ({ end }) => end(),
    events: ['error truncated', 'done error: '],
    cancels: 0,
  },
  {
    name: 'an error that the server reports in the stream',
    play: ({ send }) => send([{ text: 'Hi' }, { error: { message: 'overloaded' } }]),
    events: ['text Hi', 'error provider', 'done error: Hi'],
    cancels: 1,
  },
  {
    name: 'a frame that cannot be read',
    play: ({ send }) => send([{ text: 'Hi' }, '{"text":']),
    events: ['text Hi', 'error malformed', 'done error: Hi'],
    cancels: 1,
  },
  {
    name: 'an event that is too large',
    play: ({ send }) => send([{ text: 'Hi' }], `data: ${'x'.repeat(2000)}`),
    events: ['text Hi', 'error too-large', 'done error: Hi'],
    cancels: 1,
    options: { maxEventSize: 1000 },
  },
  {
    name: 'a connection that is lost',
    play: ({ send, fail, clock }) => {
      send([{ text: 'Hi' }])
      return clock.pass(0).then(() => fail(new TypeError('terminated')))
    },
    events: ['text Hi', 'error network', 'done error: Hi'],
    cancels: 0,
  },
  {
    name: 'a silence',
    play: ({ clock }) => clock.pass(3000),
    events: ['error timeout', 'done error: '],
    cancels: 1,
  },
  {
    name: 'no content in time',
    play: async ({ clock, send }) => {
      send(': keepalive\n\n')
      await clock.pass(1000)
      send(': keepalive\n\n')
      await clock.pass(1300)
    },
    events: ['error timeout', 'done error: '],
    cancels: 1,
    options: { timeout: { idle: 1500, content: 2000 } },
  },
  {
    name: 'a refusal',
    play: ({ send, end }) => {
      send('{"detail":"Not authenticated"}')
      end()
    },
    events: ['error http', 'done error: '],
    cancels: 0,
    status: 401,
    contentType: 'application/json',
  },
  {
    name: 'a refusal without end',
    play: ({ send, clock }) => {
      send('x'.repeat(100))
      return clock.pass(5500)
    },
    events: ['error http', 'done error: '],
    cancels: 1,
    status: 503,
    contentType: 'text/plain',
  },
  {
    name: 'an HTML page that is longer than what is read of it',
    play: ({ send }) => send('<!doctype html>', 'x'.repeat(70_000)),
    events: ['error content-type', 'done error: '],
    cancels: 1,
    contentType: 'text/html',
  },
  {
    name: 'a tap that throws',
    play: ({ send }) => send([{ text: 'Hi' }], ': comment\n\n'),
    events: ['text Hi', 'error callback', 'done error: Hi'],
    cancels: 1,
    options: {
      onFrame({ type }) {
        if (type === 'comment') throw new Error('tap')
      },
    },
  },
  {
    name: 'an onResponse that throws',
    play: () => undefined,
    events: ['error callback', 'done error: '],
    cancels: 1,
    options: {
      onResponse() {
        throw new Error('tap')
      },
    },
  },
  {
    name: 'an abort',
    play: async ({ send, clock, abort }) => {
      send([{ text: 'Hi' }])
      await clock.pass(700)
      abort.abort()
    },
    events: ['text Hi', 'done aborted: Hi'],
    cancels: 1,
  },
  {
    name: 'a deadline of the caller',
    play: async ({ send, clock, abort }) => {
      send([{ text: 'Hi' }])
      await clock.pass(0)
      abort.abort(new DOMException('timed out', 'TimeoutError'))
    },
    events: ['text Hi', 'error timeout', 'done error: Hi'],
    cancels: 1,
  },
  {
    name: 'return()',
    play: async ({ send, clock, stream }) => {
      send([{ text: 'Hi' }])
      await clock.pass(700)
      await stream.return()
    },
    events: ['text Hi'],
    cancels: 1,
  },
  {
    name: 'throw()',
    play: async ({ stream }) => {
      await expect(stream.throw('mine')).rejects.toBe('mine')
    },
    events: [],
    cancels: 1,
  },
]

describe('after the end, by whatever way, no timer and no listener is left and the body is closed', () => {
  const modes: Record<string, Partial<ChatInit>> = {
    'with every clock': {},
    // It lets go of what it holds before any of the endings that wait.
    'with a buffer too': { buffer: { unit: 'word', maxHoldMs: 600 } },
  }
  for (const [mode, extra] of Object.entries(modes)) {
    for (const { name, play, events, cancels, status, contentType, options } of endings) {
      test(`${name} (${mode})`, async () => {
        const clock = fakeClock()
        const abort = watchedAbort()
        const source = feed({
          ...(status !== undefined && { status }),
          headers: { 'content-type': contentType ?? 'text/event-stream' },
        })
        const timeout = { response: 9000, idle: 2500, content: 9000 }
        const { signal } = abort
        const stream = streamChat(url, {
          fetch: source.fetch,
          signal,
          timeout,
          ...extra,
          ...options,
        })
        const followed: Followed = follow(stream)
        await clock.pass(0)
        await play({ ...source, clock, abort, stream })
        await clock.pass(0)

        expect(brief(followed.events)).toEqual(events)
        expect(followed.isOver).toBe(true)
        expect(clock.timers()).toBe(0)
        expect(abort.listeners()).toBe(0)
        const closings = source.cancels.length
        if (cancels !== undefined) expect(closings).toBe(cancels)
        expect(source.calls).toHaveLength(1)
        expect(source.calls[0]?.init.signal?.aborted).toBe(true)
        if (events.at(-1)?.startsWith('done')) checkPromises(followed.events)

        // And nothing happens any more.
        abort.abort()
        await clock.pass(100_000)
        expect(await stream.next()).toEqual({ done: true, value: undefined })
        expect(await stream.return()).toEqual({ done: true, value: undefined })
        expect(brief(followed.events)).toEqual(events)
        expect(source.cancels).toHaveLength(closings)
      })
    }
  }
})

describe('a body that does not let itself be closed', () => {
  const cancels: Record<string, () => unknown> = {
    'never settles': () => new Promise(() => {}),
    rejects: () => Promise.reject(new Error('cannot be cancelled')),
    throws() {
      throw new Error('cannot be cancelled')
    },
    'returns nothing': () => undefined,
  }
  const opening = utf8(sse([{ text: 'Hi' }]))

  /** A web stream, whose own `cancel` always returns a promise. */
  const webStream = (cancel: () => unknown) =>
    new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(opening),
      pull: () => new Promise<void>(() => {}),
      cancel: () => cancel() as Promise<void>,
    })

  /** What a polyfill or a native bridge may hand over instead. */
  const bareReader = (cancel: () => unknown) => {
    let isRead = false
    const read = () => {
      if (isRead) return new Promise(() => {})
      isRead = true
      return Promise.resolve({ done: false, value: opening })
    }
    return { getReader: () => ({ read, cancel }) } as unknown as ReadableStream<Uint8Array>
  }

  const iterable = (cancel: () => unknown) => {
    let isRead = false
    const next = () => {
      if (isRead) return new Promise<never>(() => {})
      isRead = true
      return Promise.resolve({ done: false, value: opening })
    }
    const iterator = { next, return: cancel as () => Promise<never> }
    return { [Symbol.asyncIterator]: () => iterator }
  }

  for (const [kind, make] of Object.entries({ webStream, bareReader, iterable })) {
    for (const [name, cancel] of Object.entries(cancels)) {
      test(`holds up no way out: a ${kind} whose cancel ${name}`, async () => {
        const clock = fakeClock()
        const timeout = { idle: 1000 }

        const left = readChat(make(cancel), { timeout })
        expect(await left.next()).toMatchObject({ value: { text: 'Hi' } })
        const waiting = left.next()
        expect(await left.return()).toEqual({ done: true, value: undefined })
        expect(await waiting).toEqual({ done: true, value: undefined })

        const abort = watchedAbort()
        const aborted = run(readChat(make(cancel), { timeout, signal: abort.signal }))
        await clock.pass(0)
        abort.abort()
        expect(brief(await aborted)).toEqual(['text Hi', 'done aborted: Hi'])
        expect(abort.listeners()).toBe(0)

        const silent = follow(readChat(make(cancel), { timeout }))
        await clock.pass(1200)
        expect(brief(silent.events)).toEqual(['text Hi', 'error timeout', 'done error: Hi'])
        expect(clock.timers()).toBe(0)
      })
    }
  }

  for (const [name, cancel] of Object.entries(cancels)) {
    test(`holds up no refusal: a reader that stalls and whose cancel ${name}`, async () => {
      const clock = fakeClock()
      const headers = new Headers({ 'content-type': 'text/event-stream' })
      const response = { status: 500, headers, body: bareReader(cancel) } as unknown as Response
      const { events } = follow(streamChat({ url, fetch: async () => response }))
      await clock.pass(5500)
      expect(brief(events)).toEqual(['error http', 'done error: '])
      expect(clock.timers()).toBe(0)
    })
  }
})
