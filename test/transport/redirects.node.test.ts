import type { IncomingMessage, ServerResponse } from 'node:http'
import { type ChatInit, streamChat } from 'chatwire'
import { describe, expect, test } from 'vitest'
import { sse } from '../helpers/encode.ts'
import { checkPromises, run } from '../helpers/run.ts'
import { httpServer, type TestServer } from '../helpers/sockets.ts'
import { brief, errorOf } from './brief.ts'

interface Seen {
  method: string | undefined
  url: string | undefined
  body: string
  headers: IncomingMessage['headers']
}

const answer = sse([{ text: 'Hi' }, '[DONE]'])

/** A server that notes each request, and redirects those to `/` as told. */
async function server(
  respond: (request: IncomingMessage, response: ServerResponse) => unknown = answerIt,
): Promise<TestServer & { seen: Seen[] }> {
  const seen: Seen[] = []
  const listening = await httpServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    seen.push({ method: request.method, url: request.url, body, headers: request.headers })
    if (request.url === '/') return respond(request, response)
    return answerIt(request, response)
  })
  return { ...listening, seen }
}

function answerIt(_request: unknown, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' }).end(answer)
}

const redirecting = (status: number, location?: string) =>
  server((_request, response) => {
    response.writeHead(status, location === undefined ? {} : { location }).end('moved')
  })

/** Reads an answer, and checks that everything is closed after it. */
async function read(from: TestServer, init: ChatInit = {}) {
  const events = await run(streamChat({ url: from.url, ...init }))
  checkPromises(events)
  await from.allClosed()
  return events
}

const secret: ChatInit = {
  method: 'POST',
  body: 'the prompt',
  headers: { 'x-api-key': 'sk-secret', authorization: 'Bearer sk-secret' },
}

describe('a redirect to another origin', () => {
  for (const status of [301, 302, 303, 307, 308]) {
    test(`with status ${status} is refused: neither key nor prompt goes there`, async () => {
      const other = await server()
      const first = await redirecting(status, `${other.url}elsewhere?token=t`)
      const events = await read(first, secret)
      expect(brief(events)).toEqual(['error http', 'done error: '])
      const error = errorOf(events)
      expect(error).toMatchObject({ status, retryable: false })
      expect(error.message).toContain(new URL(other.url).origin)
      expect(error.message).toContain("redirect: 'follow'")
      expect(error.message).not.toContain('token')
      expect(first.seen).toHaveLength(1)
      expect(other.seen).toEqual([])
      expect(other.requests()).toBe(0)
    })
  }

  test('is followed if the caller says so', async () => {
    const other = await server()
    const first = await redirecting(307, `${other.url}there`)
    const events = await read(first, { ...secret, redirect: 'follow' })
    expect(brief(events)).toEqual(['text Hi', 'done stop: Hi'])
    expect(other.seen).toMatchObject([{ url: '/there', body: 'the prompt' }])
  })

  test('is refused behind a redirect within the origin too', async () => {
    const other = await server()
    const first = await httpServer((request, response) => {
      const location = request.url === '/' ? '/next' : other.url
      response.writeHead(307, { location }).end()
    })
    const events = await read(first, secret)
    expect(errorOf(events)).toMatchObject({ code: 'http', status: 307 })
    expect(first.requests()).toBe(2)
    expect(other.requests()).toBe(0)
  })

  test('is refused for a Request too, whose default says nothing about the caller', async () => {
    const other = await server()
    const first = await redirecting(307, other.url)
    const events = await read(first, { url: new Request(first.url, secret as RequestInit) })
    expect(errorOf(events)).toMatchObject({ code: 'http', status: 307 })
    expect(other.requests()).toBe(0)
  })
})

describe('a redirect within the origin', () => {
  for (const status of [307, 308]) {
    test(`with status ${status} is followed with method, headers and body`, async () => {
      const first = await redirecting(status, '/there?a=1')
      const events = await read(first, secret)
      expect(brief(events)).toEqual(['text Hi', 'done stop: Hi'])
      expect(first.seen[1]).toMatchObject({
        method: 'POST',
        url: '/there?a=1',
        body: 'the prompt',
        headers: { 'x-api-key': 'sk-secret', authorization: 'Bearer sk-secret' },
      })
    })
  }

  for (const status of [301, 302, 303]) {
    test(`with status ${status} makes a POST a GET, as fetch does`, async () => {
      const first = await redirecting(status, 'there')
      const events = await read(first, { json: { a: 1 } })
      expect(brief(events)).toEqual(['text Hi', 'done stop: Hi'])
      expect(first.seen[1]).toMatchObject({ method: 'GET', url: '/there', body: '' })
      expect(first.seen[1]?.headers).not.toHaveProperty('content-type')
      expect(first.seen[1]?.headers).toMatchObject({ accept: 'text/event-stream' })
    })
  }

  test('is followed for a Request with a body', async () => {
    const first = await redirecting(308, '/there')
    const events = await read(first, { url: new Request(first.url, secret as RequestInit) })
    expect(brief(events)).toEqual(['text Hi', 'done stop: Hi'])
    expect(first.seen[1]).toMatchObject({ method: 'POST', body: 'the prompt' })
    expect(first.seen[1]?.headers).toMatchObject({ 'x-api-key': 'sk-secret' })
  })

  test('is not followed for a body that can be sent only once', async () => {
    const first = await redirecting(307, '/there')
    const body = new Blob(['the prompt']).stream()
    const events = await read(first, { method: 'POST', body })
    expect(errorOf(events)).toMatchObject({ code: 'http', status: 307 })
    expect(first.seen).toHaveLength(1)
  })

  test('that goes round in circles ends with an error', async () => {
    const first = await redirecting(302, '/')
    const events = await read(first)
    expect(errorOf(events)).toMatchObject({
      code: 'http',
      status: 302,
      message: 'The server answered with a redirect (302) 21 times in a row. Check the URL.',
    })
    expect(first.requests()).toBe(21)
  })
})

test('a redirect without an address is an error with its status', async () => {
  const first = await redirecting(302)
  expect(errorOf(await read(first))).toMatchObject({ code: 'http', status: 302, body: 'moved' })
})

test('a redirect to no address at all is an error with its status', async () => {
  const start = 'The server answered with a redirect (302) to'
  for (const [location, message] of [
    ['http://', `${start} an address that cannot be read. Check the URL.`],
    ['data:,x', `${start} another origin, data:; headers and body would travel with it.`],
  ] as const) {
    const first = await redirecting(302, location)
    const error = errorOf(await read(first))
    expect(error).toMatchObject({ code: 'http', status: 302 })
    expect(error?.message).toContain(message)
    expect(first.requests()).toBe(1)
  }
})

for (const [redirect, expected] of [
  ['error', { code: 'network' }],
  ['manual', { code: 'http', status: 302 }],
] as const) {
  test(`redirect: '${redirect}' of the caller stays what it is to fetch`, async () => {
    const first = await redirecting(302, '/there')
    expect(errorOf(await read(first, { redirect }))).toMatchObject(expected)
    expect(first.requests()).toBe(1)
  })
}
