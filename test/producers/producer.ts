import { getRequestListener } from '@hono/node-server'
import type { ChatErrorCode, ChatEvent, ChatResult } from 'chatwire'
import type { FastifyInstance } from 'fastify'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { type AnswerKind, partOfText, text } from '../helpers/mock-provider/answer.ts'
import {
  apiKey,
  type MockProvider,
  mockProvider,
  type ProviderFault,
} from '../helpers/mock-provider/mock-provider.ts'
import { checkToolCalls, doneOf } from '../helpers/run.ts'
import { httpServer, observe, type TestServer } from '../helpers/sockets.ts'

/** What `done` says beside the text; what is absent here must be absent or empty there. */
export interface Told {
  finishReason: ChatResult['finishReason']
  reasoning?: string
  toolCalls?: readonly object[]
  usage?: object
}

/** The error that a reader gets, and words of its message. */
export interface Failure {
  code: ChatErrorCode
  providerCode?: string
  says?: string
}

/** A server that streams what it gets from the mock provider. */
export interface Producer {
  start(provider: MockProvider, key: string): Promise<TestServer>
  /** What the page sends, if not just messages. */
  json?: object
  /** What becomes of the answers of the mock; only text if the server is not made for tool calls. */
  told: { text: Told } & Partial<Record<AnswerKind, Told>>
  /** What becomes of an answer whose first three pieces arrived. */
  failures: Record<Exclude<ProviderFault, 'stall' | 'silence'>, Failure>
  /** What becomes of a wrong key. */
  refusal: Failure
}

/** Serves a web handler, or an app of Hono, as `serve()` of its adapter for Node does. */
export function serveFetch(
  fetch: (request: Request) => Response | Promise<Response>,
): Promise<TestServer> {
  // Handlers and the adapter write what failed to the console; these tests make it fail.
  const complaints = vi.spyOn(console, 'error').mockReturnValue()
  onTestFinished(() => complaints.mockRestore())
  const listener = getRequestListener(fetch)
  return httpServer((request, response) => {
    // `streamSSE` asks to keep the connection for a next request; the tests count open ones.
    response.once('finish', () => request.socket.end())
    return listener(request, response)
  })
}

export async function serveFastify(app: FastifyInstance): Promise<TestServer> {
  await app.ready()
  return httpServer((request, response) => app.routing(request, response))
}

/** Sets variables of the environment for the rest of a test. */
export function setEnv(variables: Record<string, string>): void {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value)
  onTestFinished(() => void vi.unstubAllEnvs())
}

/** Reads a producer with nothing configured; connections and promises are checked on the way. */
export async function read(
  server: TestServer,
  json: object = question,
  act?: (event: ChatEvent, abort: AbortController) => unknown,
  signal?: AbortSignal,
): Promise<ChatEvent[]> {
  const init = { json, ...(signal && { signal }) }
  return observe({ ...server, url: `${server.url}api/chat` }, init, act)
}

const question = { messages: [{ role: 'user', content: 'Hello!' }] }

/** What `done` says beside the text. */
export function toldIn(events: readonly ChatEvent[]): Partial<Told> {
  const { finishReason, reasoning, toolCalls, usage } = doneOf(events)
  const { raw: _, ...counts } = usage ?? { raw: undefined }
  return {
    finishReason,
    ...(reasoning !== '' && { reasoning }),
    ...(toolCalls.length > 0 && { toolCalls }),
    ...(usage && { usage: counts }),
  }
}

/** The tests that every producer passes. */
export function describeProducer(name: string, producer: Producer): void {
  describe(name, () => {
    // Servers write what failed to the console; these tests make it fail.
    beforeEach(() => {
      const complaints = vi.spyOn(console, 'error').mockReturnValue()
      return () => complaints.mockRestore()
    })

    for (const [kind, told] of Object.entries(producer.told) as [AnswerKind, Told][]) {
      test(`an answer of ${kind} arrives whole`, async () => {
        const provider = await mockProvider(kind)
        const events = await read(await producer.start(provider, apiKey), producer.json)
        expect(events.filter(({ type }) => type === 'error')).toEqual([])
        expect(doneOf(events).text).toBe(text)
        expect(toldIn(events)).toEqual(told)
        checkToolCalls(events)
        expect(provider.asked).toHaveLength(1)
      })
    }

    for (const [fault, { says = '', ...error }] of Object.entries(producer.failures)) {
      const how = { error: 'the provider fails', drop: 'the provider drops', cut: 'is cut off' }[
        fault
      ]
      test(`an answer that ${how} is a ${error.code} error, behind what came of it`, async () => {
        const provider = await mockProvider('text', fault as ProviderFault)
        const done = doneOf(await read(await producer.start(provider, apiKey), producer.json))
        expect(done).toMatchObject({ finishReason: 'error', text: partOfText, error })
        expect(done.error?.message).toContain(says)
        expect(provider.asked).toHaveLength(1)
      })
    }

    const { says = '', ...refusal } = producer.refusal
    test(`a key that the provider refuses is a ${refusal.code} error`, async () => {
      const provider = await mockProvider()
      const events = await read(await producer.start(provider, 'sk-wrong'), producer.json)
      expect(events.map(({ type }) => type)).toEqual(['error', 'done'])
      const { error } = doneOf(events)
      expect(error).toMatchObject(refusal)
      expect(error?.message).toContain(says)
      expect(provider.asked).toHaveLength(1)
    })

    const ways = {
      break: () => 'leave',
      abort: (_event: ChatEvent, abort: AbortController) => abort.abort(),
    }
    for (const [way, act] of Object.entries(ways)) {
      test(`a reader that leaves by ${way} ends the answer at the provider`, async () => {
        const provider = await mockProvider('text', 'stall')
        const server = await producer.start(provider, apiKey)
        let seen = ''
        await read(server, producer.json, (event, abort) => {
          if (event.type === 'text') seen += event.text
          // By now the provider is silent: only a server that aborts its call lets go of it.
          return seen === partOfText ? act(event, abort) : undefined
        })
        expect(seen).toBe(partOfText)
        await provider.expectLeft()
      })
    }

    test('a reader that leaves before the first word ends the request to the provider', async () => {
      const provider = await mockProvider('text', 'silence')
      const server = await producer.start(provider, apiKey)
      const abort = new AbortController()
      const reading = read(server, producer.json, undefined, abort.signal)
      await expect.poll(() => provider.asked.length).toBe(1)
      abort.abort()
      expect((await reading).map(({ type }) => type)).toEqual(['done'])
      await provider.expectLeft()
    })
  })
}
