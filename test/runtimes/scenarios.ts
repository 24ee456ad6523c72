import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { allFixtures } from '../fixtures/all.ts'
import { scatteredCuts } from '../helpers/cut.ts'
import { bytes, sse, utf8 } from '../helpers/encode.ts'
import { rawChunk } from '../helpers/sockets.ts'
import { delta, finish } from '../transport/feed.ts'

/** One request, as the scenarios see it. */
export interface Exchange {
  request: IncomingMessage
  response: ServerResponse
  /** The connection, for what no HTTP library would write. */
  socket: Socket
  query: URLSearchParams
  /** Resolves when the client says so. */
  proceed: Promise<void>
}

type Scenario = (exchange: Exchange) => unknown

const eventStream = { 'content-type': 'text/event-stream' }
const text = { 'content-type': 'text/plain' }
const jsonBody = { 'content-type': 'application/json' }
const hi = sse([{ text: 'Hi' }])
const done = sse(['[DONE]'])

/** Says "Hi", goes on with `more`, and keeps the connection open. */
const open =
  (more = ''): Scenario =>
  ({ response }) =>
    response.writeHead(200, eventStream).write(hi + more)

/** The head of an answer, byte by byte as it goes over the wire. */
function rawHead(framing = 'transfer-encoding: chunked'): string {
  return `HTTP/1.1 200 OK\r\naccess-control-allow-origin: *\r\ncontent-type: text/event-stream\r\n${framing}\r\n\r\n`
}

type Parts = readonly (string | Uint8Array)[]

/**
 * Writes to the connection, waits until the client says that it has that, writes what breaks it off,
 * and resets or ends it. What is on its way when a connection breaks may be lost.
 */
const breakOff =
  (how: 'reset' | 'end', before: Parts, fault: Parts = []): Scenario =>
  async ({ socket, proceed }) => {
    for (const part of before) socket.write(part)
    await proceed
    for (const part of fault) socket.write(part)
    await wait(30)
    if (how === 'reset') socket.resetAndDestroy()
    else socket.end()
  }

const answer =
  (status: number, headers: Record<string, string>, body = ''): Scenario =>
  ({ response }) =>
    response.writeHead(status, headers).end(body)

/** Writes on and on, until the other side leaves. */
const endless =
  (status: number, headers: Record<string, string>, start: string, piece: string): Scenario =>
  async ({ response }) => {
    response.writeHead(status, headers).write(start)
    while (!response.destroyed) {
      // Some engines take what they are sent, though nobody reads it, and then choke on it.
      if (!response.writableNeedDrain) response.write(piece)
      await wait(1)
    }
  }

const long = sse([
  { text: 'Hi' },
  ...Array.from({ length: 400 }, (_, text) => ({ reasoning: `${text}` })),
])

/** How each path is answered. */
export const scenarios: Readonly<Record<string, Scenario>> = {
  async '/fixture'({ response, query }) {
    const fixture = allFixtures[Number(query.get('index'))]
    if (fixture === undefined) return response.writeHead(404).end()
    response.writeHead(200, { 'content-type': fixture.contentType })
    const [chunks = []] = scatteredCuts(utf8(fixture.body), 1)
    for (const chunk of chunks) {
      response.write(chunk)
      await turn()
    }
    return response.end()
  },
  '/events': answer(200, eventStream, 'id: 1…😀\nevent: add\ndata: é\ndata: 日\n\ndata\n\n'),
  '/three-events': answer(
    200,
    eventStream,
    sse([{ text: 'a' }, { reasoning: 'b' }, { text: 'c' }, '[DONE]']),
  ),
  async '/slow-words'({ response }) {
    response.writeHead(200, eventStream)
    for (const text of ['Hel', 'lo bra', 've n', 'ew world']) {
      response.write(sse([{ text }]))
      await wait(20)
    }
    response.end(done)
  },
  async '/slow-loris'({ socket }) {
    socket.write(rawHead())
    for (const byte of utf8(sse([{ text: 'é\r\n👋' }, '[DONE]']))) {
      socket.write(rawChunk(Uint8Array.of(byte)))
      await wait(5)
    }
    socket.end('0\r\n\r\n')
  },
  async '/bom-crlf'({ response }) {
    response.writeHead(200, eventStream)
    const frames = sse([{ text: 'Hi' }, { reasoning: 'Hm' }, '[DONE]'], { newline: '\r\n' })
    for (const byte of bytes([0xef, 0xbb, 0xbf], frames)) {
      response.write(Uint8Array.of(byte))
      await turn()
    }
    response.end()
  },
  '/gzip'({ response }) {
    const body = gzipSync(sse([{ text: 'Hi' }, { reasoning: 'Hm' }, '[DONE]']))
    response.writeHead(200, { ...eventStream, 'content-encoding': 'gzip' }).end(body)
  },
  '/gzip-cut'({ response }) {
    const body = gzipSync(long)
    response.writeHead(200, { ...eventStream, 'content-encoding': 'gzip' })
    response.end(body.subarray(0, body.length / 2))
  },
  '/big-event': answer(200, eventStream, sse([{ text: 'x'.repeat(2 * 1024 * 1024) }, '[DONE]'])),

  '/silence': () => undefined,
  '/headers-only': ({ response }) => response.writeHead(200, eventStream).flushHeaders(),
  '/stall': ({ response }) =>
    response.writeHead(200, eventStream).write(sse([{ text: 'Hello, ' }])),
  async '/keepalives'({ response }) {
    response.writeHead(200, eventStream).write(hi)
    while (!response.destroyed) {
      response.write(': keepalive\n\n')
      await wait(20)
    }
  },

  '/reset-before-headers': ({ socket }) => socket.resetAndDestroy(),
  '/end-before-headers': ({ socket }) => socket.end(),
  '/reset': breakOff('reset', [rawHead(), rawChunk(hi)]),
  '/reset-in-chunk': breakOff('reset', [rawHead(), rawChunk(hi)], ['ff\r\ndata: {"text":"never']),
  '/reset-in-character': breakOff(
    'reset',
    [rawHead(), rawChunk(hi)],
    ['ff\r\n', utf8('data: {"text":"é').subarray(0, -1)],
  ),
  '/reset-in-crlf': breakOff('reset', [rawHead(), rawChunk('data: {"text":"Hi"}\r\n\r')]),
  '/reset-after-reason': breakOff('reset', [
    rawHead(),
    rawChunk(sse([delta('Hi'), finish('length')])),
  ]),
  async '/four-then-reset'({ socket, proceed }) {
    socket.write(rawHead())
    for (const frame of [{ text: 'Hi' }, { reasoning: 'Hm' }, { text: ' the' }, { text: 're' }]) {
      socket.write(rawChunk(sse([frame])))
      await wait(20)
    }
    await proceed
    await wait(100)
    socket.resetAndDestroy()
  },
  '/no-last-chunk': breakOff('end', [rawHead(), rawChunk(sse([delta('Hi')]))]),
  '/end-in-chunk': breakOff('end', [rawHead(), rawChunk(sse([delta('Hi')]))], ['ff\r\ndata: {"te']),
  '/bad-chunk-size': breakOff('end', [rawHead(), rawChunk(sse([delta('Hi')]))], ['zz\r\nwhat\r\n']),
  '/short-body': breakOff('end', [rawHead('content-length: 1000'), sse([delta('Hi')])]),
  '/close-delimited-cut': ({ socket }) =>
    socket.end(`${rawHead('connection: close')}${sse([delta('Hi')])}data: {"choices"`),

  '/done-then-open': open(done),
  '/done-then-endless': endless(200, eventStream, hi + done, sse([{ text: 'more' }])),
  '/error-then-open': open(sse([{ error: { message: 'busy' } }])),
  '/no-json-then-open': open(sse(['{"text":'])),
  '/endless-event': endless(200, eventStream, `${hi}data: `, 'x'.repeat(10_000)),
  '/endless': endless(200, eventStream, hi, `: ${' '.repeat(16_384)}\n\n${hi}`),

  '/denied': answer(
    401,
    { ...jsonBody, 'x-request-id': 'req-1' },
    '{"error":{"message":"Incorrect API key provided","code":"invalid_api_key"}}',
  ),
  '/busy': answer(429, { ...jsonBody, 'retry-after': '2' }, '{"error":{"message":"busy"}}'),
  '/broken': answer(500, {}),
  '/endless-refusal': endless(403, text, '', 'no! '.repeat(4096)),
  '/login': answer(200, { 'content-type': 'text/html; charset=utf-8' }, '<!doctype html>Log in'),
  '/no-answer': answer(200, jsonBody, '{"status":"fine"}'),
  '/no-content': answer(204, {}),
  '/empty': answer(200, eventStream),
}
