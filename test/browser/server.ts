import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where `server.ts` listens, without a slash at the end. */
    serverUrl: string
  }
}

/** What `/state?id=…` answers: what became of the requests that carried that id. */
export interface RequestState {
  requests: number
  closed: boolean
}

const frame = (payload: object | string) =>
  `data: ${typeof payload === 'string' ? payload : JSON.stringify(payload)}\n\n`

const delta = (content: string) =>
  frame({
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    model: 'test-model',
    choices: [{ index: 0, delta: { content }, finish_reason: null }],
  })

const ending = [
  frame({
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    model: 'test-model',
    choices: [{ index: 0, delta: {}, finish_reason: 'stop' }],
    usage: { prompt_tokens: 5, completion_tokens: 4, total_tokens: 9 },
  }),
  frame('[DONE]'),
].join('')

const startStream = (response: ServerResponse) =>
  response.writeHead(200, { 'content-type': 'text/event-stream' })

/** How each path answers. Every stream starts with the same text. */
const answers: Record<
  string,
  (response: ServerResponse, request: IncomingMessage) => Promise<void> | void
> = {
  async '/whole'(response) {
    startStream(response)
    const bytes = Buffer.from(delta('Hello, ') + delta('wörld ') + delta('👋🏽') + ending)
    // 37 bytes at a time cuts inside lines, and inside the characters of more than one byte.
    for (let at = 0; at < bytes.length && !response.destroyed; at += 37) {
      response.write(bytes.subarray(at, at + 37))
      await wait(5)
    }
    response.end()
  },
  /** Tells what was sent, as the answer. */
  async '/echo'(response, request) {
    const { method, headers } = request
    const body = await text(request)
    const { accept, 'content-type': contentType } = headers
    const content = JSON.stringify({ method, accept, contentType, body })
    startStream(response).end(delta(content) + ending)
  },
  '/silent'() {},
  '/stall'(response) {
    startStream(response).write(delta('Hello, '))
  },
  async '/reset'(response) {
    startStream(response).write(delta('Hello, '))
    // Long enough for the text to be read: a reset makes the engine drop what was not.
    await wait(100)
    response.socket?.destroy()
  },
  '/cut'(response) {
    startStream(response).end(delta('Hello, '))
  },
  '/denied'(response) {
    const error = { message: 'Incorrect API key provided', code: 'invalid_api_key' }
    response.writeHead(401, { 'content-type': 'application/json' }).end(JSON.stringify({ error }))
  },
  '/login'(response) {
    response
      .writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
      .end('<!doctype html><title>Log in</title>')
  },
}

/** Waits a little for the last request with this id to be closed, then tells. */
async function stateOf(closings: Promise<void>[]): Promise<RequestState> {
  const closed = Promise.all(closings).then(() => closings.length > 0)
  return { requests: closings.length, closed: await Promise.race([closed, wait(5000, false)]) }
}

/** Starts the server for the browser's tests; returns what stops it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const closings = new Map<string, Promise<void>[]>()

  const server = createServer(async (request, response) => {
    response.setHeader('access-control-allow-origin', '*')
    response.setHeader('access-control-allow-headers', '*')
    if (request.method === 'OPTIONS') return response.writeHead(204).end()

    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1')
    const id = searchParams.get('id') ?? ''
    if (pathname === '/state') {
      const state = await stateOf(closings.get(id) ?? [])
      return response.writeHead(200).end(JSON.stringify(state))
    }
    const closed = new Promise<void>((resolve) => response.once('close', resolve))
    closings.set(id, [...(closings.get(id) ?? []), closed])
    const answer = answers[pathname]
    if (answer === undefined) return response.writeHead(404).end()
    await answer(response, request)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  const { port } = server.address() as AddressInfo
  project.provide('serverUrl', `http://127.0.0.1:${port}`)
  return () => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(() => resolve()))
  }
}
