import type { ChatError } from 'chatwire'
import { readChat, streamChat } from 'chatwire'
import { describe, expect, test, vi } from 'vitest'
import { fakeClock } from '../helpers/clock.ts'
import { bytes } from '../helpers/encode.ts'
import { checkPromises, run } from '../helpers/run.ts'
import { brief, errorOf, follow } from '../transport/brief.ts'
import { feed, url } from '../transport/feed.ts'

interface Refusal {
  status?: number
  headers?: Record<string, string>
  body?: BodyInit
}

/** The error for a response that refuses, which must be the same whoever fetched it. */
async function refused({ status = 400, headers = {}, body = '' }: Refusal): Promise<ChatError> {
  const response = () => new Response(body, { status, headers })
  const events = await run(streamChat({ url, fetch: async () => response() }))
  expect(brief(events)).toEqual(['error http', 'done error: '])
  checkPromises(events)
  const error = errorOf(events)
  const read = errorOf(await run(readChat(response())))
  expect({ ...read, message: read.message }).toEqual({ ...error, message: error.message })
  return error
}

const refusedJson = (status: number, value: unknown, headers: Record<string, string> = {}) =>
  refused({
    status,
    body: JSON.stringify(value),
    headers: { 'content-type': 'application/json', ...headers },
  })

describe('the provider’s own words are in the message', () => {
  test('OpenAI', async () => {
    const message = 'Incorrect API key provided: sk-***. Find yours at https://platform.test.'
    const body = {
      error: { message, type: 'invalid_request_error', param: null, code: 'invalid_api_key' },
    }
    const error = await refusedJson(401, body, { 'x-request-id': 'req_1' })
    expect(error).toMatchObject({
      status: 401,
      providerCode: 'invalid_api_key',
      requestId: 'req_1',
      retryable: false,
      body: JSON.stringify(body),
    })
    expect(error.message).toContain('401')
    expect(error.message).toContain('Incorrect API key provided: sk-***')
  })

  test('OpenAI, where the type is all there is', async () => {
    const error = await refusedJson(429, {
      error: { message: 'Rate limit reached', type: 'requests', param: null, code: null },
    })
    expect(error).toMatchObject({ providerCode: 'requests', retryable: true })
    expect(error.message).toContain('Rate limit reached')
  })

  test('Anthropic', async () => {
    const error = await refusedJson(
      529,
      {
        type: 'error',
        error: { type: 'overloaded_error', message: 'Overloaded' },
        request_id: 'req_body',
      },
      { 'request-id': 'req_head' },
    )
    expect(error).toMatchObject({
      status: 529,
      providerCode: 'overloaded_error',
      requestId: 'req_head',
      retryable: true,
    })
    expect(error.message).toContain('Overloaded')
  })

  test('Anthropic, with the request id in the body only', async () => {
    const error = await refusedJson(400, {
      type: 'error',
      error: { type: 'invalid_request_error', message: 'max_tokens: Field required' },
      request_id: 'req_body',
    })
    expect(error.requestId).toBe('req_body')
    expect(error.message).toContain('max_tokens: Field required')
  })

  const gemini = {
    error: { code: 400, message: 'API key not valid.', status: 'INVALID_ARGUMENT', details: [] },
  }
  for (const [name, body] of Object.entries({ Gemini: gemini, 'Gemini in an array': [gemini] })) {
    test(name, async () => {
      const error = await refusedJson(400, body)
      expect(error.message).toContain('API key not valid')
      expect(error.providerCode).toMatch(/^(?:INVALID_ARGUMENT|400)$/)
    })
  }

  test('FastAPI, detail as a string', async () => {
    const error = await refusedJson(401, { detail: 'Not authenticated' })
    expect(error.message).toContain('Not authenticated')
    expect(error).not.toHaveProperty('providerCode')
  })

  test('FastAPI, detail as a list, with the place of the fault', async () => {
    const error = await refusedJson(422, {
      detail: [{ type: 'missing', loc: ['body', 'messages'], msg: 'Field required', input: {} }],
    })
    expect(error.message).toContain('Field required')
    expect(error.message).toContain('messages')
    expect(error.retryable).toBe(false)
  })

  const others: Record<string, unknown> = {
    'error as a string': { error: 'model not found' },
    message: { message: 'model not found' },
    'detail as an object': { detail: { message: 'model not found' } },
    'a list of errors': { errors: [{ message: 'model not found' }] },
    'problem details': { type: 'about:blank', title: 'model not found', status: 404 },
    'a bare string': 'model not found',
  }
  for (const [name, body] of Object.entries(others)) {
    test(name, async () => {
      const error = await refusedJson(404, body)
      expect(error.message).toContain('model not found')
      expect(error.status).toBe(404)
    })
  }

  test('also if the body is not called JSON', async () => {
    const body = '{"error":{"message":"quota exceeded","code":"insufficient_quota"}}'
    const error = await refused({ status: 429, body, headers: { 'content-type': 'text/plain' } })
    expect(error.message).toContain('quota exceeded')
    expect(error.providerCode).toBe('insufficient_quota')
  })

  test('but not more of them than fits in a message', async () => {
    const message = 'long '.repeat(10_000)
    const error = await refusedJson(400, { error: { message } })
    expect(error.message.length).toBeLessThan(1000)
    expect(error.message).toContain('long long')
  })

  test('and none if the body is not for people', async () => {
    const page = '<!doctype html><title>502 Bad Gateway</title>'
    const html = await refused({
      status: 502,
      body: page,
      headers: { 'content-type': 'text/html' },
    })
    expect(html.message).not.toContain('doctype')
    expect(html).toMatchObject({ body: page, status: 502, retryable: true })
    for (const body of [
      '',
      '{',
      '[]',
      '{}',
      'null',
      '{"error":{}}',
      '{"detail":[]}',
      '{"error":5}',
    ]) {
      const error = await refused({ status: 500, body })
      expect(error.message).toContain('500')
      expect(error.message).not.toMatch(/undefined|null|\[object/)
      expect(error.body).toBe(body)
    }
  })

  test('and names of the wire reach no prototype', async () => {
    const body = '{"__proto__":{"message":"polluted"},"error":{"__proto__":{"code":"x"}}}'
    const error = await refused({ status: 400, body })
    expect(error.message).not.toContain('polluted')
    expect(error).not.toHaveProperty('providerCode')
    expect({}).not.toHaveProperty('message')
  })

  test('and deep nesting is no trouble', async () => {
    const depth = 100_000
    const error = await refused({ status: 400, body: `${'{"error":'.repeat(depth)}1` })
    expect(error.status).toBe(400)
    const list = await refused({ status: 400, body: `${'['.repeat(500)}"x"${']'.repeat(500)}` })
    expect(list.status).toBe(400)
  })
})

describe('a status', () => {
  const retryable = [408, 425, 429, 500, 502, 503, 504, 529]
  const final = [300, 301, 304, 400, 401, 403, 404, 405, 409, 413, 422]
  for (const status of [...retryable, ...final]) {
    test(`${status} is ${retryable.includes(status) ? '' : 'not '}worth another try`, async () => {
      const error = await refused({ status, ...(status === 304 && { body: null as never }) })
      expect(error).toMatchObject({ code: 'http', status, retryable: retryable.includes(status) })
      expect(error.message).toContain(String(status))
    })
  }

  for (const status of [200, 201, 202, 203, 206, 210, 299]) {
    test(`${status} is read`, async () => {
      const response = new Response('data: {"text":"Hi"}\n\ndata: [DONE]\n\n', {
        status,
        headers: { 'content-type': 'text/event-stream' },
      })
      expect(brief(await run(readChat(response)))).toEqual(['text Hi', 'done stop: Hi'])
    })
  }
})

describe('retryAfterMs', () => {
  const now = Date.parse('2026-11-21T12:00:00Z')
  const refusedWith = async (headers: Record<string, string>) => {
    vi.useFakeTimers({ now, toFake: ['Date'] })
    try {
      return (await refused({ status: 429, headers })).retryAfterMs
    } finally {
      vi.useRealTimers()
    }
  }

  const forms: Record<string, number | undefined> = {
    '2': 2000,
    '0': 0,
    ' 7 ': 7000,
    '1.5': 1500,
    '1000000000': 1_000_000_000_000,
    'Sat, 21 Nov 2026 12:00:30 GMT': 30_000,
    'Sat, 21 Nov 2026 11:00:00 GMT': 0,
    'Sun, 21 Nov 2010 12:00:00 GMT': 0,
    'Wed, 21 Nov 2035 12:00:00 GMT': Date.parse('2035-11-21T12:00:00Z') - now,
    'Saturday, 21-Nov-26 12:00:30 GMT': 30_000,
    '-1': undefined,
    '+1': undefined,
    '1e9': undefined,
    '0x10': undefined,
    Infinity: undefined,
    NaN: undefined,
    abc: undefined,
    soon: undefined,
    '': undefined,
    '2, 3': undefined,
    '2026': 2_026_000,
    'Foo, 99 Bar 2026 99:99:99 GMT': undefined,
  }
  for (const [value, expected] of Object.entries(forms)) {
    test(`of Retry-After '${value}' is ${expected}`, async () => {
      expect(await refusedWith({ 'retry-after': value })).toBe(expected)
    })
  }

  test('of digits without end is finite', async () => {
    const value = await refusedWith({ 'retry-after': '9'.repeat(400) })
    expect(Number.isFinite(value)).toBe(true)
    expect(value).toBeGreaterThan(1e12)
  })

  test('is absent without a header', async () => {
    expect(await refusedWith({})).toBeUndefined()
    expect(await refused({ status: 429 })).not.toHaveProperty('retryAfterMs')
  })

  test('of retry-after-ms is finer, and goes first', async () => {
    expect(await refusedWith({ 'retry-after-ms': '350', 'retry-after': '9' })).toBe(350)
    expect(await refusedWith({ 'retry-after-ms': 'abc', 'retry-after': '9' })).toBe(9000)
  })

  test('is told of every refusal that has it, also one that is not worth another try', async () => {
    const error = await refused({ status: 403, headers: { 'retry-after': '60' } })
    expect(error).toMatchObject({ retryAfterMs: 60_000, retryable: false })
  })
})

describe('the id of the request', () => {
  for (const name of ['x-request-id', 'request-id', 'apim-request-id', 'x-amzn-requestid']) {
    test(`is taken from ${name}`, async () => {
      const error = await refused({ status: 500, headers: { [name]: 'req_1' } })
      expect(error.requestId).toBe('req_1')
    })
  }

  test('is absent if the server gives none', async () => {
    expect(await refused({ status: 500 })).not.toHaveProperty('requestId')
  })
})

describe('the body of a refusal', () => {
  const limit = 64 * 1024

  test('is kept up to 64 KiB, and the rest is not read', async () => {
    const { fetch, send, cancels, pulls } = feed({ status: 403 })
    for (let count = 0; count < 100; count += 1) send('x'.repeat(1024))
    const events = await run(streamChat({ url, fetch }))
    expect(errorOf(events).body).toBe('x'.repeat(limit))
    expect(cancels).toHaveLength(1)
    expect(pulls()).toBeLessThanOrEqual(66)
  })

  test('is cut inside a chunk that is larger, and what is cut off makes no character', async () => {
    const { fetch, send } = feed({ status: 403 })
    // The limit falls inside the last character: its first byte is in, its second is not.
    send(bytes('x'.repeat(limit - 1), 'é', 'y'.repeat(1000)))
    const { body = '' } = errorOf(await run(streamChat({ url, fetch })))
    expect(body.startsWith('x'.repeat(limit - 1))).toBe(true)
    expect(body.length).toBeLessThanOrEqual(limit)
    expect(body).not.toContain('y')
  })

  test('is decoded across chunks, and what is no UTF-8 is replaced', async () => {
    const { fetch, send, end } = feed({ status: 403 })
    send(bytes('caf', [0xc3]), bytes([0xa9], ' ', [0xff], '!'))
    end()
    expect(errorOf(await run(streamChat({ url, fetch }))).body).toBe('café \uFFFD!')
  })

  test('is waited for 5 s at most, and what came until then is kept', async () => {
    const clock = fakeClock()
    const { fetch, send, cancels } = feed({ status: 503 })
    const { events } = follow(streamChat({ url, fetch, timeout: { idle: 1000 } }))
    await clock.pass(0)
    send('{"error":')
    await clock.pass(2500)
    send('"busy"}')
    await clock.pass(2400)
    expect(events).toEqual([])
    await clock.pass(700)
    expect(brief(events)).toEqual(['error http', 'done error: '])
    expect(errorOf(events)).toMatchObject({ body: '{"error":"busy"}' })
    expect(errorOf(events).message).toContain('busy')
    expect(cancels).toHaveLength(1)
    expect(clock.timers()).toBe(0)
  })

  test('may break off: the refusal is the news', async () => {
    const clock = fakeClock()
    const { fetch, send, fail } = feed({ status: 503 })
    const { events } = follow(streamChat({ url, fetch }))
    await clock.pass(0)
    send('bus')
    await clock.pass(0)
    fail(new TypeError('terminated'))
    await clock.pass(0)
    expect(errorOf(events)).toMatchObject({ code: 'http', status: 503, body: 'bus' })
  })

  test('that is being read already is left alone', async () => {
    const response = new Response('no', { status: 401 })
    await response.text()
    expect(errorOf(await run(readChat(response)))).toMatchObject({ status: 401, body: '' })
  })
})
