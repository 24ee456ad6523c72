import type { ChatError } from 'chatwire'
import { readChat, streamChat } from 'chatwire'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { sse, utf8 } from '../helpers/encode.ts'
import { checkPromises, run } from '../helpers/run.ts'
import { iterableOf, responseOf } from '../helpers/stream.ts'
import { brief, errorOf } from './brief.ts'
import { feed, url } from './feed.ts'

afterEach(() => {
  vi.unstubAllGlobals()
})

type Fetch = typeof fetch

/** A fetch that resolves to something, be it a response or not. */
const resolving =
  (value: unknown): Fetch =>
  async () =>
    value as Response

const headers = { 'content-type': 'text/event-stream' }
const body = sse([{ text: 'Hi' }, '[DONE]'])

describe('a fetch that fails', () => {
  const cause = new TypeError('fetch failed')
  const failing: Record<string, Fetch> = {
    'by rejecting': () => Promise.reject(cause),
    'by throwing at once': () => {
      throw cause
    },
  }
  for (const [name, fetch] of Object.entries(failing)) {
    test(`${name} is a network error with the cause`, async () => {
      const events = await run(streamChat({ url, fetch }))
      expect(brief(events)).toEqual(['error network', 'done error: '])
      expect(errorOf(events)).toMatchObject({ cause, retryable: true })
      checkPromises(events)
    })
  }

  test('with nothing as reason is a network error', async () => {
    const events = await run(streamChat({ url, fetch: () => Promise.reject() }))
    expect(brief(events)).toEqual(['error network', 'done error: '])
  })
})

describe('a fetch that does not give a response', () => {
  const nonsense: Record<string, unknown> = {
    nothing: undefined,
    null: null,
    'an empty object': {},
    'a string': 'data: {"text":"Hi"}\n\n',
    'a function': () => undefined,
    'a response without headers': { status: 200, body: null },
    'a response without status': { headers: new Headers(), body: null },
  }
  for (const [name, value] of Object.entries(nonsense)) {
    test(`but ${name} is a callback error`, async () => {
      const events = await run(streamChat({ url, fetch: resolving(value) }))
      expect(brief(events)).toEqual(['error callback', 'done error: '])
      expect(errorOf(events).message).toContain('fetch')
      expect(errorOf(events).retryable).toBe(false)
    })
  }
})

describe('a response whose body cannot be read', () => {
  const used = async (): Promise<Response> => {
    const response = new Response(body, { headers })
    await response.text()
    return response
  }
  const locked = async (): Promise<Response> => {
    const response = new Response(body, { headers })
    response.body?.getReader()
    return response
  }
  /** Begun by somebody who then thought better of it. */
  const begun = async (): Promise<Response> => {
    const response = new Response(body, { headers })
    const reader = response.body?.getReader()
    await reader?.read()
    reader?.releaseLock()
    return response
  }
  /** As React Native's own fetch gives it. */
  const missing = async () =>
    ({ status: 200, headers: new Headers(headers), bodyUsed: false }) as Response
  const string = async () =>
    ({ status: 200, headers: new Headers(headers), body }) as unknown as Response

  for (const [name, fetch] of Object.entries({ used, locked, begun, missing, string })) {
    test(`because it is ${name} is a callback error`, async () => {
      const events = await run(streamChat({ url, fetch }))
      expect(brief(events)).toEqual(['error callback', 'done error: '])
      expect(errorOf(events).message).toContain('body')
    })
  }

  for (const [name, response] of Object.entries({ used, locked, begun })) {
    test(`because it is ${name} is one for readChat too`, async () => {
      const events = await run(readChat(await response()))
      expect(brief(events)).toEqual(['error callback', 'done error: '])
    })
  }
})

describe('a response without a body', () => {
  for (const status of [200, 204, 205]) {
    test(`with status ${status} is truncated`, async () => {
      const events = await run(
        streamChat({ url, fetch: resolving(new Response(null, { status })) }),
      )
      expect(brief(events)).toEqual(['error truncated', 'done error: '])
      expect(errorOf(events)).not.toHaveProperty('pending')
      checkPromises(events)
    })
  }

  test('with status 304 is an http error', async () => {
    const events = await run(
      streamChat({ url, fetch: resolving(new Response(null, { status: 304 })) }),
    )
    expect(errorOf(events)).toMatchObject({ code: 'http', status: 304, body: '' })
  })

  test('but an empty one is truncated', async () => {
    const events = await run(
      streamChat({ url, fetch: resolving(responseOf([], headers['content-type'])) }),
    )
    expect(brief(events)).toEqual(['error truncated', 'done error: '])
  })
})

describe('the chunks of a body', () => {
  /** A response of which only the body is unusual. */
  const withBody = (body: unknown): Fetch =>
    resolving({ status: 200, headers: new Headers(headers), body, bodyUsed: false })

  test('may be strings', async () => {
    const chunks = ['data: {"te', 'xt":"Hé"}\n', '\n', 'data: [DONE]\n\n']
    const events = await run(streamChat({ url, fetch: withBody(iterableOf(chunks)) }))
    expect(brief(events)).toEqual(['text Hé', 'done stop: Hé'])
  })

  test('may be strings of a web stream', async () => {
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(body)
        controller.close()
      },
    })
    const events = await run(streamChat({ url, fetch: withBody(stream) }))
    expect(brief(events)).toEqual(['text Hi', 'done stop: Hi'])
  })

  test('may be empty, anywhere', async () => {
    const empty = new Uint8Array()
    const bytes = utf8(body)
    const chunks = [empty, bytes.subarray(0, 9), empty, empty, bytes.subarray(9), empty]
    const events = await run(streamChat({ url, fetch: withBody(iterableOf(chunks)) }))
    expect(brief(events)).toEqual(['text Hi', 'done stop: Hi'])
  })

  test('may be views of a part of a buffer', async () => {
    const buffer = utf8(`xxx${body}xxx`).buffer
    const view = new Uint8Array(buffer, 3, utf8(body).length)
    const events = await run(streamChat({ url, fetch: withBody(iterableOf([view])) }))
    expect(brief(events)).toEqual(['text Hi', 'done stop: Hi'])
  })

  const wrong: Record<string, unknown> = { number: 7, null: null, object: {}, array: [100, 97] }
  for (const [name, chunk] of Object.entries(wrong)) {
    test(`must not be anything else: a chunk that is ${name} is a callback error, after what came`, async () => {
      const chunks = [utf8(sse([{ text: 'Hi' }])), chunk]
      let index = 0
      const source = {
        [Symbol.asyncIterator]: () => ({
          next: () => Promise.resolve({ done: false, value: chunks[index++] }),
        }),
      }
      const events = await run(streamChat({ url, fetch: withBody(source) }))
      expect(brief(events)).toEqual(['text Hi', 'error callback', 'done error: Hi'])
    })
  }

  test('may be changed by their owner once they were read', async () => {
    // One buffer for all reads, as a BYOB reader or a native bridge may use.
    const buffer = new Uint8Array(64)
    async function* reusing() {
      for (const part of ['data: {"text":"é', '"}\n\n', 'data: [DONE]\n\n']) {
        const bytes = utf8(part)
        // Cut inside the character, so that a byte of this chunk is needed in the next one.
        for (const half of [bytes.subarray(0, 16), bytes.subarray(16)]) {
          buffer.fill(0)
          buffer.set(half)
          yield buffer.subarray(0, half.length)
        }
      }
    }
    const events = await run(streamChat({ url, fetch: withBody(reusing()) }))
    expect(brief(events)).toEqual(['text é', 'done stop: é'])
  })

  test('that fail to come are a network error, after what came', async () => {
    const cause = new Error('ECONNRESET')
    const source = iterableOf([utf8(sse([{ text: 'Hi' }]))], { error: cause })
    const events = await run(streamChat({ url, fetch: withBody(source) }))
    expect(brief(events)).toEqual(['text Hi', 'error network', 'done error: Hi'])
    expect(errorOf(events)).toMatchObject({ cause, retryable: true })
  })

  test('of an iterator that throws at once are a network error', async () => {
    const source = {
      [Symbol.asyncIterator]: () => ({
        next() {
          throw new Error('not async at all')
        },
      }),
    }
    const events = await run(streamChat({ url, fetch: withBody(source) }))
    expect(brief(events)).toEqual(['error network', 'done error: '])
  })
})

describe('a source that is broken from the start', () => {
  test('because it has failed already is a network error', async () => {
    const cause = new Error('reset')
    const stream = new ReadableStream<Uint8Array>({ start: (body) => body.error(cause) })
    const events = await run(readChat(stream))
    expect(brief(events)).toEqual(['error network', 'done error: '])
    expect(errorOf(events).cause).toBe(cause)
  })

  test('because it gives no iterator ends in an error', async () => {
    const source = {
      [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
        throw new Error('no iterator')
      },
    }
    const events = await run(readChat(source))
    expect(events.map(({ type }) => type)).toEqual(['error', 'done'])
    expect(await readChat(source).return()).toEqual({ done: true, value: undefined })
  })

  test('because it was locked after the call ends in an error', async () => {
    const stream = new ReadableStream<Uint8Array>()
    const chat = readChat(stream)
    stream.getReader()
    expect((await run(chat)).map(({ type }) => type)).toEqual(['error', 'done'])
  })
})

describe('a fetch that ends the stream itself', () => {
  test('by an abort gives one done, and its body is closed', async () => {
    const { fetch, cancels } = feed()
    const abort = new AbortController()
    const aborting: Fetch = (input, init) => {
      abort.abort()
      return fetch(input, init)
    }
    const events = await run(streamChat({ url, fetch: aborting, signal: abort.signal }))
    expect(brief(events)).toEqual(['done aborted: '])
    await new Promise((resolve) => setTimeout(resolve, 0))
    expect(cancels).toHaveLength(1)
  })

  test('by return() gives nothing, and its body is closed', async () => {
    const { fetch, cancels } = feed()
    const leaving: Fetch = (input, init) => {
      void stream.return()
      return fetch(input, init)
    }
    const stream = streamChat({ url, fetch: leaving })
    expect(await run(stream)).toEqual([])
    await new Promise((resolve) => setTimeout(resolve, 0))
    expect(cancels).toHaveLength(1)
  })
})

describe('without a fetch option', () => {
  test('the global one is looked up when the request is sent, and called with its own `this`', async () => {
    const calls: unknown[] = []
    const stream = streamChat({ url })
    vi.stubGlobal('fetch', function (this: unknown, input: string) {
      // A browser's fetch takes no other.
      calls.push([input, this === undefined || this === globalThis])
      return Promise.resolve(new Response(body, { headers }))
    })
    expect(brief(await run(stream))).toEqual(['text Hi', 'done stop: Hi'])
    expect(calls).toEqual([[url, true]])
  })
})

test('a signal that aborts when the stream is over is given to fetch, never the caller’s own', async () => {
  const { fetch, calls, send } = feed()
  send([{ text: 'Hi' }, '[DONE]'])
  const { signal } = new AbortController()
  await run(streamChat({ url, fetch, signal }))
  const given = calls[0]?.init.signal
  expect(given).toBeInstanceOf(AbortSignal)
  expect(given).not.toBe(signal)
  expect(given?.aborted).toBe(true)
  expect(signal.aborted).toBe(false)
})

test('errors of the driver hold nothing of the request', async () => {
  const secret = 'sk-secret-1'
  const prompt = 'the secret prompt'
  const failures: Fetch[] = [
    () => Promise.reject(new TypeError('fetch failed')),
    resolving(undefined),
    resolving(new Response(null, { status: 204 })),
    resolving(new Response('no', { status: 500 })),
  ]
  const seen: ChatError[] = []
  for (const fetch of failures) {
    const events = await run(
      streamChat({
        url: `${url}?key=${secret}`,
        fetch,
        headers: { authorization: `Bearer ${secret}` },
        json: { messages: [prompt] },
      }),
    )
    seen.push(errorOf(events))
  }
  expect(seen.map(({ code }) => code)).toEqual(['network', 'callback', 'truncated', 'http'])
  for (const error of seen) {
    const all = `${JSON.stringify(error)} ${error} ${error.stack} ${error.message}`
    expect(all).not.toContain(secret)
    expect(all).not.toContain(prompt)
  }
})
