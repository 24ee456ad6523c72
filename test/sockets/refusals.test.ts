import type { ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { isChatError, streamEvents } from 'chatwire'
import { describe, expect, test } from 'vitest'
import { sse } from '../helpers/encode.ts'
import { httpServer, observe, type TestServer, timed } from '../helpers/sockets.ts'
import { brief, errorOf } from '../transport/brief.ts'

/** A server that answers every request alike. */
const answering = (
  status: number,
  headers: Record<string, string>,
  body: string | Buffer = '',
): Promise<TestServer> =>
  httpServer((_request, response) => response.writeHead(status, headers).end(body))

/** A server that writes without end, as fast as it is read. */
const endless = (status: number, contentType: string): Promise<TestServer> =>
  httpServer((_request, response) => {
    response.writeHead(status, { 'content-type': contentType })
    const write = (): void => {
      while (!response.destroyed && response.write('<p>'.repeat(5000)));
    }
    response.on('drain', write)
    write()
  })

const json = { 'content-type': 'application/json; charset=utf-8' }
const refusal = ['error http', 'done error: ']

describe('a refusal with the words of the provider', () => {
  const rows: Record<string, { status: number; body: unknown; says: string; code?: string }> = {
    OpenAI: {
      status: 401,
      body: {
        error: {
          message: 'Incorrect API key provided',
          type: 'invalid_request_error',
          param: null,
          code: 'invalid_api_key',
        },
      },
      says: 'Incorrect API key provided',
      code: 'invalid_api_key',
    },
    Anthropic: {
      status: 401,
      body: {
        type: 'error',
        error: { type: 'authentication_error', message: 'invalid x-api-key' },
      },
      says: 'invalid x-api-key',
      code: 'authentication_error',
    },
    Gemini: {
      status: 401,
      body: {
        error: { code: 401, message: 'Request had invalid credentials', status: 'UNAUTHENTICATED' },
      },
      says: 'Request had invalid credentials',
    },
    'FastAPI, a string': {
      status: 401,
      body: { detail: 'Not authenticated' },
      says: 'Not authenticated',
    },
    'FastAPI, a list': {
      status: 422,
      body: { detail: [{ loc: ['body', 'messages'], msg: 'Field required', type: 'missing' }] },
      says: 'Field required',
    },
  }
  for (const [name, { status, body, says, code }] of Object.entries(rows)) {
    test(`${name} is an http error that says them`, async () => {
      const text = JSON.stringify(body)
      const events = await observe(await answering(status, json, text))
      expect(brief(events)).toEqual(refusal)
      const error = errorOf(events)
      expect(error).toMatchObject({ status, body: text, retryable: false })
      expect(error.message).toContain(says)
      if (code !== undefined) expect(error.providerCode).toBe(code)
    })
  }

  test('and a Retry-After tells how long to wait, in each of its forms', async () => {
    const inAMinute = new Date(Date.now() + 60_000).toUTCString()
    const forms: [Record<string, string>, number | undefined, number | undefined][] = [
      [{ 'retry-after': '2' }, 2000, 2000],
      [{ 'retry-after': '0' }, 0, 0],
      [{ 'retry-after': inAMinute }, 50_000, 60_000],
      [{ 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' }, 0, 0],
      [{ 'retry-after-ms': '350' }, 350, 350],
      [{ 'retry-after': '-1' }, undefined, undefined],
      [{ 'retry-after': 'abc' }, undefined, undefined],
      [{}, undefined, undefined],
    ]
    for (const [headers, least, most] of forms) {
      const error = errorOf(await observe(await answering(429, { ...json, ...headers }, '{}')))
      expect(error).toMatchObject({ status: 429, retryable: true })
      if (least === undefined || most === undefined) expect(error.retryAfterMs).toBeUndefined()
      else {
        expect(error.retryAfterMs).toBeGreaterThanOrEqual(least)
        expect(error.retryAfterMs).toBeLessThanOrEqual(most)
      }
    }
  })

  test('is not sent again', async () => {
    const server = await answering(503, { 'retry-after': '0' }, 'busy')
    await observe(server)
    await wait(100)
    expect(server.requests()).toBe(1)
  })
})

describe('a body without end is let go of', () => {
  test('of a 403: 64 KiB of it are kept', async () => {
    const events = await observe(await endless(403, 'text/plain'))
    expect(brief(events)).toEqual(refusal)
    expect(errorOf(events).body).toHaveLength(64 * 1024)
  })

  test('of an HTML page with status 200', async () => {
    const events = await observe(await endless(200, 'text/html; charset=utf-8'))
    expect(brief(events)).toEqual(['error content-type', 'done error: '])
    expect(errorOf(events).body).toHaveLength(64 * 1024)
  })

  test('of an HTML page that says it is an event stream', async () => {
    const events = await observe(await endless(200, 'text/event-stream'), { maxEventSize: 100_000 })
    expect(events.map(({ type }) => type)).toEqual(['error', 'done'])
  })

  test('of a refusal that is being read, by an abort', async () => {
    let response: ServerResponse | undefined
    const server = await httpServer((_request, given) => {
      response = given
      given.writeHead(500, json).write('{"error":')
    })
    const abort = new AbortController()
    setTimeout(() => abort.abort(), 100)
    const events = await observe(server, { signal: abort.signal })
    expect(brief(events)).toEqual(['done aborted: '])
    expect(response?.destroyed).toBe(true)
  })
})

describe('status 200 without a stream', () => {
  test('a JSON error is the provider’s', async () => {
    const body = '{"error":{"message":"model is overloaded","code":"overloaded"}}'
    const events = await observe(await answering(200, json, body))
    expect(brief(events)).toEqual(['error provider', 'done error: '])
    expect(errorOf(events)).toMatchObject({ providerCode: 'overloaded', retryable: true })
    expect(errorOf(events).message).toContain('model is overloaded')
  })

  test('a whole JSON answer is that answer', async () => {
    const body = {
      id: 'chatcmpl-1',
      object: 'chat.completion',
      model: 'test-model',
      choices: [
        { index: 0, message: { role: 'assistant', content: 'Hé' }, finish_reason: 'length' },
      ],
      usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
    }
    const events = await observe(await answering(200, json, JSON.stringify(body)))
    expect(brief(events)).toEqual(['text Hé', 'done length: Hé'])
    expect(events.at(-1)).toMatchObject({ model: 'test-model', usage: { totalTokens: 3 } })
  })

  test('a whole JSON answer of Anthropic is that answer', async () => {
    const body = {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'test-model',
      content: [{ type: 'text', text: 'Hi' }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 1, output_tokens: 2 },
    }
    const events = await observe(await answering(200, json, JSON.stringify(body)))
    expect(brief(events)).toEqual(['text Hi', 'done stop: Hi'])
  })

  test('JSON that is no answer is a content-type error', async () => {
    const events = await observe(await answering(200, json, '{"status":"healthy","uptime":5}'))
    expect(brief(events)).toEqual(['error content-type', 'done error: '])
  })

  for (const status of [200, 204, 205]) {
    test(`an empty body with status ${status} is truncated`, async () => {
      const headers: Record<string, string> =
        status === 200 ? { 'content-type': 'text/event-stream' } : {}
      const events = await observe(await answering(status, headers))
      expect(brief(events)).toEqual(['error truncated', 'done error: '])
    })
  }
})

describe('the type of an event stream', () => {
  const body = sse([{ text: 'Hi' }, '[DONE]'])
  const types = [
    'text/event-stream',
    'Text/Event-Stream;charset=ISO-8859-1',
    'text/event-stream, text/event-stream',
    'text/plain',
    'application/octet-stream',
  ]
  for (const type of types) {
    test(`may be '${type}' for a chat`, async () => {
      const events = await observe(await answering(200, { 'content-type': type }, body))
      expect(brief(events)).toEqual(['text Hi', 'done stop: Hi'])
    })
  }

  test('may be missing for a chat', async () => {
    expect(brief(await observe(await answering(200, {}, body)))).toEqual([
      'text Hi',
      'done stop: Hi',
    ])
  })

  for (const type of ['text/html', 'application/json', 'text/plain']) {
    test(`must not be '${type}' for raw events, and the connection is closed`, async () => {
      const server = await endless(200, type)
      const events = streamEvents({ url: server.url })
      const error = await events.next().catch((error: unknown) => error)
      expect(isChatError(error) && error.code).toBe('content-type')
      await server.allClosed()
    })
  }
})

test('a refusal is reported as soon as its body is there', async () => {
  const server = await answering(401, json, '{"detail":"Not authenticated"}')
  expect(await timed(() => observe(server))).toBeLessThan(1000)
})
