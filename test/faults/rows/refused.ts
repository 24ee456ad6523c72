import { setTimeout as wait } from 'node:timers/promises'
import { sse } from '../../helpers/encode.ts'
import { failed, type Scenario } from '../harness.ts'
import { answer } from '../secrets.ts'
import { answers, eventStream, floods, head, http, tcp } from '../serve.ts'

const json = { 'content-type': 'application/json; charset=utf-8' }
const plain = { 'content-type': 'text/plain' }
const html = { 'content-type': 'text/html; charset=utf-8' }
const whole = [`text ${answer}`, `done stop: ${answer}`]
const stream = sse([{ text: answer }, '[DONE]'])
const cap = 64 * 1024

const hasLength = (length: number) => (value: unknown) => String(value).length === length

/** A status, and what is made of it. */
export const statuses: readonly Scenario[] = [
  ...[400, 401, 402, 403, 404, 405, 409, 410, 413, 418, 422, 451].map(refusal(false)),
  ...[408, 425, 429, 500, 501, 502, 503, 504, 529].map(refusal(true)),
  ...[204, 205].map((status) => ({
    rule: `${status} has no answer: truncated`,
    serve: answers(status, {}),
    expected: failed('truncated'),
  })),
  {
    rule: '204 has no answer, also if it says that it is a page',
    serve: answers(204, html),
    expected: failed('truncated'),
  },
  {
    rule: '304 has no body, and is an http error',
    serve: answers(304, {}),
    expected: failed('http'),
    error: { status: 304, body: '', retryable: false },
  },
  ...[201, 202, 203, 206, 210, 299].map((status) => ({
    rule: `${status} is success, and its body the answer`,
    serve: answers(status, eventStream, stream),
    expected: whole,
  })),
  {
    rule: '600 and beyond is an http error, or none that the engine lets through',
    serve: tcp((socket) => socket.end(head.replace('200 OK', '999 Odd'))),
    expected: failed('http', 'network'),
  },
]

function refusal(retryable: boolean) {
  return (status: number): Scenario => ({
    rule: `${status} is an http error, ${retryable ? '' : 'not '}worth another try, and is not tried again`,
    serve: answers(
      status,
      { ...json, 'x-request-id': 'req_1', 'retry-after': '0' },
      '{"detail":"No"}',
    ),
    expected: failed('http'),
    error: {
      status,
      retryable,
      body: '{"detail":"No"}',
      requestId: 'req_1',
      retryAfterMs: 0,
      message: new RegExp(`${status}: No\\.`),
    },
  })
}

/** The words of providers, as they send them with a refusal. */
export const providers: readonly Scenario[] = [
  words('OpenAI', 'Incorrect API key provided', 'invalid_api_key', (message, code) => ({
    error: { message, type: 'invalid_request_error', param: null, code },
  })),
  words('Anthropic', 'invalid x-api-key', 'authentication_error', (message, type) => ({
    type: 'error',
    error: { type, message },
  })),
  words('Gemini', 'Request had invalid credentials', '401', (message) => ({
    error: { code: 401, message, status: 'UNAUTHENTICATED' },
  })),
  words('FastAPI, a string', 'Not authenticated', undefined, (detail) => ({ detail })),
  words('FastAPI, a list', 'Field required', 'missing', (msg, type) => ({
    detail: [{ loc: ['body', 'messages'], msg, type }],
  })),
]

function words(
  name: string,
  message: string,
  code: string | undefined,
  make: (message: string, code?: string) => unknown,
): Scenario {
  const body = JSON.stringify(make(message, code))
  return {
    rule: `${name} is an http error that says them`,
    serve: answers(401, json, body),
    expected: failed('http'),
    error: { status: 401, body, message: new RegExp(message) },
  }
}

const inAnHour = new Date(Date.now() + 3_600_000).toUTCString()
const isAlmostAnHour = (value: unknown): boolean =>
  Number(value) > 3_000_000 && Number(value) <= 3_600_000
const retryAfter: [Record<string, string>, unknown][] = [
  [{ 'retry-after': '2' }, 2000],
  [{ 'retry-after': '0' }, 0],
  [{ 'retry-after': '1.5' }, 1500],
  [{ 'retry-after': '-1' }, undefined],
  [{ 'retry-after': '1e9' }, undefined],
  [{ 'retry-after': 'abc' }, undefined],
  [{ 'retry-after': '' }, undefined],
  [{ 'retry-after': 'Infinity' }, undefined],
  [{ 'retry-after': 'NaN' }, undefined],
  [{ 'retry-after': '9'.repeat(400) }, Number.MAX_SAFE_INTEGER],
  [{ 'retry-after': inAnHour }, isAlmostAnHour],
  [{ 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' }, 0],
  [{ 'retry-after': 'Fri, 21 Oct 2135 07:28:00 GMT' }, (value: unknown) => Number(value) > 1e9],
  [{ 'retry-after-ms': '350' }, 350],
  [{ 'retry-after-ms': '350', 'retry-after': '2' }, 350],
  [{ 'retry-after-ms': 'soon', 'retry-after': '2' }, 2000],
  [{}, undefined],
]

/** How long to wait, as the server says it. */
export const delays: readonly Scenario[] = retryAfter.flatMap(([headers, retryAfterMs]) =>
  [429, 503].map((status) => ({
    rule: `with status ${status} is read: ${JSON.stringify(headers).slice(0, 60)}`,
    serve: answers(status, { ...json, ...headers }, '{}'),
    expected: failed('http'),
    error: { status, retryable: true, retryAfterMs },
  })),
)

/** The body of a refusal. */
export const bodies: readonly Scenario[] = [
  {
    rule: 'may be a page',
    serve: answers(502, html, '<h1>Bad gateway</h1>'),
    expected: failed('http'),
    error: { status: 502, body: '<h1>Bad gateway</h1>', message: /^[^<]*$/ },
  },
  {
    rule: 'may be empty',
    serve: answers(500, {}),
    expected: failed('http'),
    error: { body: '' },
  },
  {
    rule: 'may be an event stream',
    serve: answers(503, eventStream, sse([{ error: { message: 'busy' } }])),
    expected: failed('http'),
    error: { status: 503, body: sse([{ error: { message: 'busy' } }]) },
  },
  {
    rule: 'that is no UTF-8 is replaced where it is none',
    serve: answers(500, plain, Buffer.from([0x61, 0xff, 0xc3, 0x62])),
    expected: failed('http'),
    error: { body: 'a��b' },
  },
  {
    rule: 'without end is kept up to 64 KiB',
    serve: floods('', '<p>'.repeat(5000), 403, plain),
    expected: failed('http'),
    error: { status: 403, body: hasLength(cap) },
  },
  {
    rule: 'of 100 MB is kept up to 64 KiB',
    serve: floods('', 'x'.repeat(64 * 1024), 500, { ...plain, 'content-length': '100000000' }),
    expected: failed('http'),
    error: { body: hasLength(cap) },
  },
  {
    rule: 'that breaks off counts as far as it came',
    serve: tcp(async (socket) => {
      socket.write('HTTP/1.1 503 Busy\r\ncontent-length: 100\r\n\r\nno room')
      await wait(30)
      socket.resetAndDestroy()
    }),
    expected: failed('http'),
    error: { status: 503, body: 'no room' },
  },
  {
    rule: 'that is being read is let go of by an abort',
    serve: http((_request, response) => {
      response.writeHead(500, json).write('{"error":')
    }),
    read: async (stream, abort) => {
      const events = []
      setTimeout(() => abort.abort(), 60)
      for await (const event of stream) events.push(event)
      return events
    },
    expected: ['done aborted: '],
  },
]
