import type { ChatInit } from 'chatwire'
import { sse } from '../../helpers/encode.ts'
import { startHttp, type TestServer } from '../../helpers/server.ts'
import { failed, type Scenario } from '../harness.ts'
import { answer } from '../secrets.ts'
import { answers, eventStream, http, type Serve } from '../serve.ts'

const stream = sse([{ text: answer }, '[DONE]'])
const whole = [`text ${answer}`, `done stop: ${answer}`]

/** Redirects to another server, which must not hear of it. */
async function twoServers(status: number): Promise<TestServer> {
  const other = await startHttp((_request, response) => {
    response.writeHead(200, eventStream).end(stream)
  })
  const first = await answers(status, { location: `${other.url}?key=sk-in-the-address` })()
  return {
    ...first,
    // A request there would show as one too many here.
    requests: () => first.requests() + other.requests(),
    async close() {
      await first.close()
      await other.close()
    },
  }
}

/** A redirect: to another origin, in a circle, to nowhere. */
export const redirects: readonly Scenario[] = [
  ...[301, 302, 303, 307, 308].map((status) => ({
    rule: `${status} to another origin is refused, and nothing goes there`,
    serve: () => twoServers(status),
    expected: failed('http'),
    error: { status, retryable: false, message: /another origin, http:\/\/127\.0\.0\.1:\d+;/ },
  })),
  ...[301, 302, 303, 307, 308].map((status) => ({
    rule: `${status} within the origin is followed`,
    serve: http((request, response) => {
      if (request.url === '/there') response.writeHead(200, eventStream).end(stream)
      else response.writeHead(status, { location: '/there' }).end()
    }),
    expected: whole,
    requests: 2,
  })),
  {
    rule: 'a circle is an error after twenty rounds',
    serve: answers(302, { location: '/' }),
    expected: failed('http'),
    error: { status: 302 },
    requests: 21,
  },
  {
    rule: 'a redirect without an address is an error with its status',
    serve: answers(307, {}, 'nowhere'),
    expected: failed('http'),
    error: { status: 307, body: 'nowhere' },
  },
]

/** Answers the first requests with a failure, and those after it with the answer. */
const failing =
  (times: number, status: number, headers: Record<string, string> = {}): Serve =>
  () => {
    let requests = 0
    return startHttp((_request, response) => {
      requests += 1
      if (requests <= times) response.writeHead(status, headers).end('not now')
      else response.writeHead(200, eventStream).end(stream)
    })
  }

const retry: ChatInit['retry'] = { retries: 2, minDelayMs: 10, maxDelayMs: 200 }

/** Requests that are sent again, because the caller asked for it. */
export const retried: readonly Scenario[] = [
  ...[408, 425, 429, 500, 503].map((status) => ({
    rule: `${status} is tried again, until the answer comes`,
    serve: failing(2, status),
    init: { retry },
    expected: whole,
    requests: 3,
  })),
  {
    rule: 'a reset before the headers is tried again',
    serve: async () => {
      let requests = 0
      return startHttp((_request, response) => {
        requests += 1
        if (requests === 1) response.socket?.resetAndDestroy()
        else response.writeHead(200, eventStream).end(stream)
      })
    },
    init: { retry },
    expected: whole,
    requests: 2,
  },
  {
    rule: 'a status that stays is the error after the last retry',
    serve: failing(Number.POSITIVE_INFINITY, 503),
    init: { retry },
    expected: failed('http'),
    error: { status: 503, retryable: true },
    requests: 3,
  },
  {
    rule: 'a Retry-After is waited for',
    serve: failing(1, 429, { 'retry-after-ms': '120' }),
    init: { retry },
    expected: whole,
    requests: 2,
  },
  {
    rule: 'a Retry-After longer than the longest wait is not waited for',
    serve: failing(1, 429, { 'retry-after': '1' }),
    init: { retry },
    expected: failed('http'),
    error: { status: 429, retryAfterMs: 1000 },
  },
  {
    rule: 'an answer that has begun is not asked for again',
    serve: http((_request, response) => {
      response.writeHead(200, eventStream).write(sse([{ text: answer }]))
      setTimeout(() => response.socket?.resetAndDestroy(), 50)
    }),
    init: { retry },
    expected: [`text ${answer}`, 'error network', `done error: ${answer}`],
  },
]
