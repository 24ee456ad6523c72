import { readChat } from 'chatwire'
import { chatResponse } from 'chatwire/server'
import OpenAI from 'openai'
import { createApp as createExpress } from '../../examples/servers/chatwire-express.ts'
import { createApp as createFastify } from '../../examples/servers/chatwire-fastify.ts'
import { createApp as createHono } from '../../examples/servers/chatwire-hono.ts'
import { POST } from '../../examples/servers/chatwire-next-route.ts'
import { type ProviderStream, reasoning, toolCalls } from '../helpers/mock-provider/answer.ts'
import { chatCompletions, messages, responses } from '../helpers/mock-provider/apis.ts'
import { httpServer } from '../helpers/sockets.ts'
import {
  describeProducer,
  type Failure,
  type Producer,
  serveFastify,
  serveFetch,
  setEnv,
} from './producer.ts'

const counts = { inputTokens: 21, outputTokens: 9, totalTokens: 30, cachedInputTokens: 8 }

/** What `useChat` sends. */
const posted = {
  messages: [
    {
      id: 'message-1',
      role: 'user',
      status: 'done',
      text: 'Hello!',
      parts: [{ type: 'text', text: 'Hello!' }],
    },
  ],
}

/** What an SDK throws is for the server; it may be about the key. */
const unreachable: Failure = { code: 'http', says: 'status 502: The model cannot be reached.' }

/** Through chatwire nothing of an answer is lost, and no cut passes for an end. */
function rewritten(
  start: Producer['start'],
  api: ProviderStream,
  told: { reasoning?: string; usage: object },
  refusal: Producer['refusal'],
): Producer {
  return {
    start,
    json: posted,
    told: {
      text: { finishReason: 'stop', ...told },
      tools: { finishReason: 'tool-calls', toolCalls, ...told },
    },
    failures: {
      error: { code: 'provider', says: api.failureMessage },
      drop: { code: 'provider', providerCode: 'network' },
      cut: { code: 'provider', providerCode: 'truncated' },
    },
    refusal,
  }
}

describeProducer(
  'Express, writeChat of a request',
  rewritten(
    ({ openaiUrl: baseURL }, apiKey) => httpServer(createExpress({ baseURL, apiKey })),
    chatCompletions,
    { usage: { ...counts, reasoningTokens: 0 } },
    { code: 'provider', providerCode: 'invalid_api_key', says: 'status 401' },
  ),
)

describeProducer(
  'a route of Next.js, chatResponse of a request',
  rewritten(
    ({ url }, apiKey) => {
      setEnv({ ANTHROPIC_BASE_URL: url, ANTHROPIC_API_KEY: apiKey })
      return serveFetch(POST)
    },
    messages,
    { reasoning, usage: counts },
    { code: 'provider', providerCode: 'authentication_error', says: 'status 401' },
  ),
)

describeProducer(
  'Hono, chatResponse of a response of the SDK',
  rewritten(
    ({ openaiUrl: baseURL }, apiKey) => serveFetch(createHono({ baseURL, apiKey }).fetch),
    responses,
    { reasoning, usage: { ...counts, reasoningTokens: 3 } },
    unreachable,
  ),
)

describeProducer(
  'Fastify, writeChat of a response of the SDK',
  rewritten(
    ({ url: baseURL }, apiKey) => serveFastify(createFastify({ baseURL, apiKey })),
    messages,
    { reasoning, usage: counts },
    unreachable,
  ),
)

describeProducer('chatResponse of toReadableStream() of the SDK', {
  ...rewritten(
    ({ openaiUrl: baseURL }, apiKey) => {
      const openai = new OpenAI({ baseURL, apiKey })
      return serveFetch(async (request) => {
        const { messages } = await request.json()
        const stream = await openai.chat.completions.create(
          { model: 'gpt-6-luna', messages, stream: true, stream_options: { include_usage: true } },
          { signal: request.signal },
        )
        return chatResponse(readChat(stream.toReadableStream()))
      })
    },
    chatCompletions,
    { usage: { ...counts, reasoningTokens: 0 } },
    { code: 'http', says: 'status 500' },
  ),
  json: { messages: [{ role: 'user', content: 'Hello!' }] },
  failures: {
    // The SDK breaks its stream off with an error of its own, which may quote anything.
    error: { code: 'provider', providerCode: 'network' },
    drop: { code: 'provider', providerCode: 'network' },
    cut: { code: 'provider', providerCode: 'truncated' },
  },
})
