import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import {
  streamCompletion,
  streamMessage,
  streamResponse,
} from '../../examples/servers/readable-stream.ts'
import { reasoning, text, toolCalls } from '../helpers/mock-provider/answer.ts'
import { apiKey, type MockProvider, mockProvider } from '../helpers/mock-provider/mock-provider.ts'
import { doneOf } from '../helpers/run.ts'
import { describeProducer, read, serveFetch } from './producer.ts'

const counts = { inputTokens: 21, outputTokens: 9, totalTokens: 30, cachedInputTokens: 8 }

/** An error in the stream makes the SDK break off its own: all that is left to see is the drop. */
const dropped = { error: { code: 'network' }, drop: { code: 'network' } } as const

const openai = ({ openaiUrl: baseURL }: MockProvider, apiKey: string) =>
  new OpenAI({ baseURL, apiKey })
const anthropic = ({ url: baseURL }: MockProvider, apiKey: string) =>
  new Anthropic({ baseURL, apiKey })

describeProducer('toReadableStream() of a chat completion', {
  start: (provider, key) => serveFetch(streamCompletion(openai(provider, key))),
  told: {
    text: { finishReason: 'stop', usage: { ...counts, reasoningTokens: 0 } },
    tools: { finishReason: 'tool-calls', toolCalls, usage: { ...counts, reasoningTokens: 0 } },
  },
  failures: { ...dropped, cut: { code: 'truncated' } },
  refusal: { code: 'http', says: '500' },
})

describeProducer('toReadableStream() of a response', {
  start: (provider, key) => serveFetch(streamResponse(openai(provider, key))),
  told: {
    text: { finishReason: 'stop', reasoning, usage: { ...counts, reasoningTokens: 3 } },
    tools: {
      finishReason: 'tool-calls',
      reasoning,
      toolCalls,
      usage: { ...counts, reasoningTokens: 3 },
    },
  },
  failures: { ...dropped, cut: { code: 'truncated' } },
  refusal: { code: 'http', says: '500' },
})

describeProducer('toReadableStream() of a message', {
  start: (provider, key) => serveFetch(streamMessage(anthropic(provider, key))),
  told: {
    text: { finishReason: 'stop', reasoning, usage: counts },
    tools: { finishReason: 'tool-calls', reasoning, toolCalls, usage: counts },
  },
  failures: { ...dropped, cut: { code: 'truncated' } },
  // This helper has its request sent later, when the handler has already answered.
  refusal: { code: 'network' },
})

describe('JSON lines under the name of something else', () => {
  const handlers = {
    'a chat completion': (provider: MockProvider) => streamCompletion(openai(provider, apiKey)),
    'a response': (provider: MockProvider) => streamResponse(openai(provider, apiKey)),
    'a message': (provider: MockProvider) => streamMessage(anthropic(provider, apiKey)),
  }
  // What guides set: the SDK's own sets text/plain, many set nothing.
  const types = [
    undefined,
    'text/plain; charset=utf-8',
    'text/event-stream',
    'application/json',
    'application/octet-stream',
  ]
  for (const [name, handler] of Object.entries(handlers)) {
    test.each(types)(`${name} as %s is read all the same`, async (type) => {
      const provider = await mockProvider('tools')
      const answer = handler(provider)
      const server = await serveFetch(async (request) => {
        const { body } = await answer(request)
        return new Response(body, type === undefined ? {} : { headers: { 'content-type': type } })
      })
      const done = doneOf(await read(server))
      expect(done).toMatchObject({ text, toolCalls, finishReason: 'tool-calls' })
      expect(done.error).toBeUndefined()
    })
  }
})
