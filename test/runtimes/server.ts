import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { allFixtures } from '../fixtures/all.ts'
import type { RequestState } from './scenario.ts'
import { scenarios } from './scenarios.ts'

interface Call {
  requests: number
  closings: Promise<void>[]
  proceed: PromiseWithResolvers<void>
}

export interface RunningServer {
  url: string
  close(): Promise<void>
}

/** Starts the server that plays the scenarios on 127.0.0.1, for pages of any origin. */
export async function startServer(): Promise<RunningServer> {
  const calls = new Map<string, Call>()

  const callOf = (id: string): Call => {
    const call = calls.get(id) ?? {
      requests: 0,
      closings: [],
      proceed: Promise.withResolvers<void>(),
    }
    calls.set(id, call)
    return call
  }

  const server = createServer(async (request, response) => {
    allowEveryOrigin(response)
    // A request has a connection of its own where its end matters.
    response.shouldKeepAlive = false
    if (request.method === 'OPTIONS') return response.writeHead(204).end()

    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1')
    response.shouldKeepAlive = pathname === '/fixture'
    const call = callOf(searchParams.get('id') ?? '')
    if (pathname === '/state') return sendJson(response, await stateOf(call))
    if (pathname === '/proceed') return sendJson(response, call.proceed.resolve())
    if (pathname === '/fixtures') return sendJson(response, allFixtures)
    if (pathname === '/closed-url') return sendJson(response, await closedUrl())

    const scenario = Object.hasOwn(scenarios, pathname) ? scenarios[pathname] : undefined
    if (scenario === undefined) return response.writeHead(404).end()
    call.requests++
    if (!response.shouldKeepAlive) {
      call.closings.push(new Promise((resolve) => request.socket.once('close', () => resolve())))
    }
    await bodyOf(request)
    await scenario({
      request,
      response,
      socket: request.socket,
      query: searchParams,
      proceed: call.proceed.promise,
    })
  })
  // The client may reset a connection at any time.
  server.on('connection', (socket) => socket.setNoDelay(true).on('error', () => undefined))
  const url = await listen(server)
  return {
    url,
    close() {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

/** CORS, including what a page needs to be allowed for to see of an answer. */
function allowEveryOrigin(response: ServerResponse): void {
  response.setHeader('access-control-allow-origin', '*')
  response.setHeader('access-control-allow-headers', '*, authorization')
  response.setHeader('access-control-expose-headers', '*')
}

async function bodyOf(request: IncomingMessage): Promise<void> {
  try {
    for await (const _ of request);
  } catch {
    // The client left before it had sent it all.
  }
}

/** What is known of a call once its connections are closed, or a second has passed. */
async function stateOf({ requests, closings }: Call): Promise<RequestState> {
  const closed = Promise.all(closings).then(() => true)
  return { requests, closed: await Promise.race([closed, wait(1000, false)]) }
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value ?? null))
}

/** An address that was free a moment ago. */
async function closedUrl(): Promise<string> {
  const server = createTcpServer()
  const url = await listen(server)
  await new Promise((resolve) => server.close(resolve))
  return url
}

export async function listen(server: ReturnType<typeof createTcpServer>): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', 2048, resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}
