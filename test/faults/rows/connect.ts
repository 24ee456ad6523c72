import { setTimeout as wait } from 'node:timers/promises'
import { sse } from '../../helpers/encode.ts'
import { failed, lost, type Scenario } from '../harness.ts'
import { answer } from '../secrets.ts'
import { deaf, ends, eventStream, head, http, nobody, silent, stalls, tcp } from '../serve.ts'

const cause = (code: string) => (value: unknown) =>
  value instanceof Error && value.cause instanceof Error && 'code' in value.cause
    ? value.cause.code === code
    : false
const isError = (value: unknown): boolean => value instanceof Error
const timeout = { response: 100 }

/** Before the headers are there. */
export const connect: readonly Scenario[] = [
  {
    rule: 'a port that nobody listens on is a network error with the cause',
    serve: nobody,
    expected: failed('network'),
    error: { cause: cause('ECONNREFUSED') },
    requests: 0,
  },
  {
    // Longer than a name may be, so that nobody is asked.
    rule: 'a name that does not resolve is a network error with the cause',
    serve: nobody,
    url: `http://${'x'.repeat(64)}.invalid/`,
    expected: failed('network'),
    error: { cause: cause('ENOTFOUND') },
    requests: 0,
  },
  {
    rule: 'a port that speaks no TLS is a network error',
    serve: async () => {
      const server = await ends('no TLS')()
      return { ...server, url: server.url.replace('http:', 'https:') }
    },
    expected: failed('network'),
    error: { cause: isError },
    requests: 0,
  },
  {
    rule: 'a scheme that fetch does not know is a network error',
    serve: nobody,
    url: 'gopher://127.0.0.1/',
    expected: failed('network'),
    requests: 0,
  },
  {
    rule: 'a reset is a network error with the cause',
    serve: tcp((socket) => socket.resetAndDestroy()),
    expected: failed('network'),
    error: { cause: cause('ECONNRESET') },
  },
  {
    rule: 'an end is a network error',
    serve: tcp((socket) => socket.end()),
    expected: failed('network'),
    error: { cause: isError },
  },
  {
    rule: 'an end inside the head is a network error',
    serve: tcp((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-ty')),
    expected: failed('network'),
  },
  {
    rule: 'what is not HTTP is a network error',
    serve: tcp((socket) => socket.end('NOT HTTP\r\n\r\n')),
    expected: failed('network'),
    error: { cause: isError },
  },
  {
    rule: 'a head without end is a network error',
    serve: tcp((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n')
      const write = (): void => {
        while (!socket.destroyed && socket.write(`x-filler: ${'x'.repeat(500)}\r\n`));
      }
      socket.on('drain', write)
      write()
    }),
    expected: failed('network'),
  },
  {
    rule: 'silence is a timeout of phase response',
    serve: silent,
    init: { timeout },
    expected: failed('timeout'),
    error: { phase: 'response', timeoutMs: 100, message: /100 ms/ },
  },
  {
    rule: 'silence after half a head is one too',
    serve: tcp((socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-ty')),
    init: { timeout },
    expected: failed('timeout'),
    error: { phase: 'response', timeoutMs: 100 },
  },
  {
    rule: 'a promise of a head (102, 103) is no head',
    serve: http((_request, response) => response.writeProcessing()),
    init: { timeout },
    expected: failed('timeout'),
    error: { phase: 'response' },
  },
  {
    rule: 'early hints before the head are passed over',
    serve: tcp(async (socket) => {
      socket.write('HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\n\r\n')
      await wait(10)
      socket.end(`${head}0\r\n\r\n`)
    }),
    expected: failed('truncated'),
  },
]

/** Time that passes without a byte, or with bytes that say nothing. */
export const silence: readonly Scenario[] = [
  {
    rule: 'after some text is a timeout of phase idle',
    serve: stalls(sse([{ text: answer }])),
    init: { timeout: { idle: 100 } },
    expected: lost('timeout'),
    error: { phase: 'idle', timeoutMs: 100, message: /100 ms/ },
  },
  {
    rule: 'right after the headers is one too',
    serve: stalls(),
    init: { timeout: { idle: 100 } },
    expected: failed('timeout'),
    error: { phase: 'idle' },
  },
  {
    rule: 'inside a frame is one that lets out no part of it',
    serve: stalls(sse([{ text: answer }]), 'data: {"text":"never'),
    init: { timeout: { idle: 100 } },
    expected: lost('timeout'),
    error: { phase: 'idle' },
  },
  {
    rule: 'behind keepalives is one of phase content',
    serve: http(async (_request, response) => {
      response.writeHead(200, eventStream).write(sse([{ text: answer }]))
      while (!response.destroyed) {
        response.write(': keepalive\n\n')
        await wait(20)
      }
    }),
    init: { timeout: { idle: 300, content: 400 } },
    expected: lost('timeout'),
    error: { phase: 'content', timeoutMs: 400 },
  },
  {
    rule: 'is none while keepalives come, without a content clock',
    serve: http(async (_request, response) => {
      response.writeHead(200, eventStream).write(sse([{ text: answer }]))
      for (let count = 0; count < 25; count++) {
        response.write(': keepalive\n\n')
        await wait(20)
      }
      response.end(sse(['[DONE]']))
    }),
    init: { timeout: { idle: 300 } },
    expected: [`text ${answer}`, `done stop: ${answer}`],
  },
  {
    rule: 'is none while one byte after the other comes',
    serve: tcp(async (socket) => {
      socket.write(head)
      for (const byte of Buffer.from(sse([{ text: `${answer} é\r\n👋` }, '[DONE]']))) {
        socket.write(
          Buffer.concat([Buffer.from('1\r\n'), Uint8Array.of(byte), Buffer.from('\r\n')]),
        )
        await wait(10)
      }
      socket.end('0\r\n\r\n')
    }),
    init: { timeout: { idle: 300 } },
    expected: [`text ${answer} é\r\n👋`, `done stop: ${answer} é\r\n👋`],
  },
  {
    rule: 'of one byte a tick ends at the deadline of the caller',
    serve: http(async (_request, response) => {
      response.writeHead(200, eventStream).write(`${sse([{ text: answer }])}data: "`)
      while (!response.destroyed) {
        response.write('x')
        await wait(20)
      }
    }),
    act(event, abort) {
      if (event.type !== 'text') return
      setTimeout(() => abort.abort(new DOMException('too late', 'TimeoutError')), 300)
    },
    init: { timeout: { idle: 200 } },
    expected: lost('timeout'),
    error: { phase: 'signal', retryable: false },
  },
  {
    rule: 'of a server that reads nothing of a large request is a timeout of phase response',
    serve: deaf,
    init: { json: { filler: 'x'.repeat(8 * 1024 * 1024) }, timeout: { response: 1000 } },
    expected: failed('timeout'),
    error: { phase: 'response', timeoutMs: 1000 },
  },
]
