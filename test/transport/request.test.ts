import type { ChatInit } from 'chatwire'
import { readChat, streamChat, streamEvents } from 'chatwire'
import { plain } from 'chatwire/formats'
import { describe, expect, test } from 'vitest'
import { sse, utf8 } from '../helpers/encode.ts'
import { run } from '../helpers/run.ts'
import { iterableOf } from '../helpers/stream.ts'
import { brief } from './brief.ts'
import { feed, url } from './feed.ts'

interface Sent {
  input: string | URL | Request
  init: RequestInit
  headers: Record<string, string>
}

/** What `fetch` is called with; the stream is made first, and read after `meanwhile`. */
async function sent(
  first: string | URL | Request | ChatInit,
  init: ChatInit = {},
  meanwhile: () => void = () => {},
): Promise<Sent> {
  const { fetch, calls, send } = feed()
  send(['[DONE]'])
  const isTarget = typeof first === 'string' || first instanceof URL || first instanceof Request
  const stream = isTarget
    ? streamChat(first, { fetch, ...init })
    : streamChat({ fetch, ...first, ...init })
  meanwhile()
  expect(brief(await run(stream))).toEqual(['done stop: '])
  const [call] = calls
  if (call === undefined || calls.length > 1) throw new Error(`${calls.length} calls of fetch`)
  return { ...call, headers: Object.fromEntries(new Headers(call.init.headers)) }
}

/** Where redirects can be seen, they are asked for. */
const redirect = navigator.userAgent.startsWith('Mozilla') ? [] : ['redirect']

describe('the request', () => {
  test('of a bare url is a GET that accepts an event stream, and nothing else', async () => {
    const { input, init, headers } = await sent({ url })
    expect(input).toBe(url)
    expect(headers).toEqual({ accept: 'text/event-stream' })
    expect(Object.keys(init).sort()).toEqual(['headers', ...redirect, 'signal'])
  })

  for (const name of ['accept', 'Accept']) {
    test(`keeps the ${name} header of the caller`, async () => {
      const { headers } = await sent({ url, headers: { [name]: 'application/x-ndjson' } })
      expect(headers).toEqual({ accept: 'application/x-ndjson' })
    })
  }

  const kinds: Record<string, HeadersInit> = {
    'an object': { authorization: 'Bearer key', 'x-a': '1' },
    pairs: [
      ['Authorization', 'Bearer key'],
      ['X-A', '1'],
    ],
    Headers: new Headers({ authorization: 'Bearer key', 'x-a': '1' }),
  }
  for (const [name, headers] of Object.entries(kinds)) {
    test(`takes headers as ${name}`, async () => {
      expect((await sent({ url, headers })).headers).toEqual({
        accept: 'text/event-stream',
        authorization: 'Bearer key',
        'x-a': '1',
      })
    })
  }

  test('with json is a POST of that JSON', async () => {
    const { init, headers } = await sent({ url, json: { messages: ['hé'] } })
    expect(init.method).toBe('POST')
    expect(init.body).toBe('{"messages":["hé"]}')
    expect(headers).toEqual({ accept: 'text/event-stream', 'content-type': 'application/json' })
  })

  for (const json of [null, false, 0, '', [], 'text']) {
    test(`takes ${JSON.stringify(json)} as json`, async () => {
      const { init } = await sent({ url, json })
      expect(init).toMatchObject({ method: 'POST', body: JSON.stringify(json) })
    })
  }

  test('with json undefined has no body', async () => {
    const { init } = await sent({ url, json: undefined })
    expect(init).not.toHaveProperty('body')
    expect(init).not.toHaveProperty('method')
  })

  test('with json keeps the method and the content type of the caller', async () => {
    const { init, headers } = await sent({
      url,
      json: {},
      method: 'PUT',
      headers: { 'Content-Type': 'application/vnd.api+json' },
    })
    expect(init.method).toBe('PUT')
    expect(headers['content-type']).toBe('application/vnd.api+json')
  })

  test('with a body is sent as it is', async () => {
    const { init, headers } = await sent({ url, method: 'POST', body: 'a=1' })
    expect(init).toMatchObject({ method: 'POST', body: 'a=1' })
    expect(headers).toEqual({ accept: 'text/event-stream' })
  })

  test('with a stream as body says that it goes one way only, as fetch wants it said', async () => {
    const body = new ReadableStream<Uint8Array>()
    const { init } = await sent({ url, method: 'POST', body })
    expect(init).toMatchObject({ body, duplex: 'half' })
    expect((await sent({ url, method: 'POST', body: 'x' })).init).not.toHaveProperty('duplex')
  })

  test('passes on every field of RequestInit, and none of ours', async () => {
    const passed = {
      method: 'POST',
      body: 'x',
      credentials: 'include',
      mode: 'cors',
      cache: 'no-store',
      redirect: 'manual',
      referrer: '',
      referrerPolicy: 'no-referrer',
      integrity: '',
      keepalive: false,
      priority: 'high',
    } as const
    // What a runtime adds to RequestInit is passed on too.
    const extra = { dispatcher: { name: 'mine' } }
    const { init } = await sent({
      url,
      ...passed,
      ...extra,
      format: plain,
      buffer: 'word',
      timeout: { idle: 1000 },
      maxEventSize: 1000,
      readAheadBytes: 1000,
      requireEnd: false,
      onResponse() {},
      onFrame() {},
    })
    const { headers: _, signal, ...rest } = init
    expect(rest).toEqual({ ...passed, ...extra })
    expect(signal).toBeInstanceOf(AbortSignal)
  })

  test('never touches credentials and mode', async () => {
    const { init } = await sent({ url, json: {} })
    expect(init).not.toHaveProperty('credentials')
    expect(init).not.toHaveProperty('mode')
  })
})

describe('the target', () => {
  test('may be a string, a URL or a Request, in either form', async () => {
    const targets = [url, new URL(url), new Request(url)]
    for (const target of targets) {
      for (const { input } of [await sent(target), await sent({ url: target })]) {
        expect(input instanceof Request ? input.url : input).toBe(url)
      }
    }
  })

  test('as a Request keeps its headers, method and body', async () => {
    const request = new Request(url, {
      method: 'POST',
      body: 'a=1',
      headers: { 'x-a': '1', 'content-type': 'text/csv' },
    })
    const { input, init, headers } = await sent(request)
    expect(headers).toEqual({
      accept: 'text/event-stream',
      'content-type': 'text/csv',
      'x-a': '1',
    })
    const together = new Request(input, init)
    expect(together.method).toBe('POST')
    expect(await together.text()).toBe('a=1')
  })

  test('as a Request takes json in place of its body', async () => {
    const request = new Request(url, { method: 'PUT', body: 'a=1', headers: { 'x-a': '1' } })
    const { init, headers } = await sent(request, { json: { a: 1 } })
    expect(init.body).toBe('{"a":1}')
    expect(headers).toEqual({
      accept: 'text/event-stream',
      'content-type': 'application/json',
      'x-a': '1',
    })
  })

  test('as a Request gives way to the headers of the options', async () => {
    const request = new Request(url, { headers: { 'x-a': '1' } })
    const { headers } = await sent(request, { headers: { 'x-b': '2' } })
    expect(headers).toEqual({ accept: 'text/event-stream', 'x-b': '2' })
  })

  test('may be relative for a fetch that resolves it', async () => {
    expect((await sent({ url: '/api/chat' })).input).toBe('/api/chat')
  })
})

describe('what was given is read at the call, and changing it later changes nothing', () => {
  test('the fields of the init', async () => {
    const other = feed()
    const init: ChatInit = { url, method: 'POST', body: 'before' }
    const { input, init: given } = await sent(init, {}, () => {
      Object.assign(init, { url: 'https://other.test', method: 'PUT', body: 'after', ...other })
    })
    expect(input).toBe(url)
    expect(given).toMatchObject({ method: 'POST', body: 'before' })
    expect(other.calls).toEqual([])
  })

  test('the fields of an init that streamChat got itself, not a copy', async () => {
    const { fetch, calls, send } = feed()
    send([{ text: 'Hi there' }], ['[DONE]'])
    const init: ChatInit = { url, fetch, json: { n: 1 }, headers: { 'x-a': '1' } }
    const stream = streamChat(init)
    const never = () => {
      throw new Error('read after the call')
    }
    for (const key of [
      'url',
      'fetch',
      'json',
      'headers',
      'method',
      'signal',
      'timeout',
      'buffer',
    ]) {
      Object.defineProperty(init, key, { get: never })
    }
    expect(brief(await run(stream))).toEqual(['text Hi there', 'done stop: Hi there'])
    expect(calls[0]?.init.body).toBe('{"n":1}')
  })

  test('the json', async () => {
    const json = { messages: [{ content: 'before' }] }
    const { init } = await sent({ url, json }, {}, () => {
      json.messages[0] = { content: 'after' }
    })
    expect(init.body).toBe('{"messages":[{"content":"before"}]}')
  })

  test('the headers', async () => {
    const object: Record<string, string> = { 'x-a': 'before' }
    const headers = new Headers(object)
    const seen = [
      await sent({ url, headers: object }, {}, () => {
        object['x-a'] = 'after'
      }),
      await sent({ url, headers }, {}, () => headers.set('x-a', 'after')),
    ]
    expect(seen.map((call) => call.headers['x-a'])).toEqual(['before', 'before'])
  })

  test('are not changed themselves', async () => {
    const headers = new Headers({ 'x-a': '1' })
    const init = Object.freeze({ url, headers, json: Object.freeze({ a: 1 }) })
    await sent(init)
    expect([...headers]).toEqual([['x-a', '1']])
  })

  test('the url', async () => {
    const target = new URL(url)
    const { input } = await sent(target, {}, () => {
      target.hostname = 'other.test'
    })
    expect(input).toBe(url)
  })

  const bodies: Record<string, () => { body: BodyInit; change: () => void }> = {
    bytes: () => {
      const body = utf8('before')
      return { body: body as Uint8Array<ArrayBuffer>, change: () => body.fill(120) }
    },
    'a view of a part of a buffer': () => {
      const all = utf8('xxbeforexx')
      const body = new DataView(all.buffer as ArrayBuffer, 2, 6)
      return { body, change: () => all.fill(120) }
    },
    'an ArrayBuffer': () => {
      const bytes = utf8('before')
      return { body: bytes.buffer as ArrayBuffer, change: () => bytes.fill(120) }
    },
    URLSearchParams: () => {
      const body = new URLSearchParams({ before: '' })
      return { body, change: () => body.set('after', '1') }
    },
  }
  for (const [name, make] of Object.entries(bodies)) {
    test(`the body: ${name}`, async () => {
      const { body, change } = make()
      const { init } = await sent({ url, method: 'POST', body }, {}, change)
      expect((await new Response(init.body).text()).replace(/=$/, '')).toBe('before')
    })
  }

  test('the body: FormData', async () => {
    const body = new FormData()
    body.set('name', 'before')
    const { init } = await sent({ url, method: 'POST', body }, {}, () => body.set('name', 'after'))
    expect((init.body as FormData).get('name')).toBe('before')
  })

  test('the timeouts and the buffer', async () => {
    const timeout = { idle: 0 }
    const buffer = { unit: 'line' as 'line' | 'word' }
    const source = iterableOf([utf8(sse([{ text: 'a b\nc d' }])), utf8(sse(['[DONE]']))])
    const stream = readChat(source, { timeout, buffer })
    timeout.idle = Number.NaN
    buffer.unit = 'word'
    expect(brief(await run(stream))).toEqual(['text a b\n', 'text c d', 'done stop: a b\nc d'])
  })
})

test('streamEvents sends the same request as streamChat', async () => {
  const { fetch, calls, end } = feed()
  end()
  for await (const _ of streamEvents({ url, fetch, json: { a: 1 }, timeout: { idle: 5 } })) {
    throw new Error('no events')
  }
  expect(calls).toHaveLength(1)
  const { headers, signal, redirect: _, ...rest } = calls[0]?.init ?? {}
  expect(calls[0]?.input).toBe(url)
  expect(Object.fromEntries(new Headers(headers))).toEqual({
    accept: 'text/event-stream',
    'content-type': 'application/json',
  })
  expect(signal).toBeInstanceOf(AbortSignal)
  expect(rest).toEqual({ method: 'POST', body: '{"a":1}' })
})
