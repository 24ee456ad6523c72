import { createApp as createExpress } from '../../examples/servers/express.ts'
import { createApp as createFastify } from '../../examples/servers/fastify.ts'
import { createApp as createHono } from '../../examples/servers/hono.ts'
import { POST } from '../../examples/servers/next-route.ts'
import { reasoning, toolCalls } from '../helpers/mock-provider/answer.ts'
import { httpServer } from '../helpers/sockets.ts'
import { describeProducer, type Failure, serveFastify, serveFetch, setEnv } from './producer.ts'

const usage = { inputTokens: 21, outputTokens: 9, totalTokens: 30, cachedInputTokens: 8 }

/** The page learns that it failed; what the provider said, of our key say, stays on the server. */
const failed: Failure = { code: 'provider', says: ': The model failed.' }

describeProducer('Express, with frames of its own', {
  start: ({ openaiUrl: baseURL }, apiKey) => httpServer(createExpress({ baseURL, apiKey })),
  told: { text: { finishReason: 'stop' } },
  failures: {
    error: failed,
    drop: failed,
    cut: failed,
  },
  refusal: failed,
})

describeProducer('Fastify, with the chunks of a chat completion', {
  start: ({ openaiUrl: baseURL }, apiKey) => serveFastify(createFastify({ baseURL, apiKey })),
  told: {
    text: { finishReason: 'stop', usage: { ...usage, reasoningTokens: 0 } },
    tools: { finishReason: 'tool-calls', toolCalls, usage: { ...usage, reasoningTokens: 0 } },
  },
  failures: {
    error: failed,
    drop: failed,
    cut: { code: 'truncated' },
  },
  refusal: { code: 'http', says: 'status 502: The model cannot be reached.' },
})

describeProducer('Hono, with the events of a response', {
  start: ({ openaiUrl: baseURL }, apiKey) => serveFetch(createHono({ baseURL, apiKey }).fetch),
  told: {
    text: { finishReason: 'stop', reasoning, usage: { ...usage, reasoningTokens: 3 } },
    tools: {
      finishReason: 'tool-calls',
      reasoning,
      toolCalls,
      usage: { ...usage, reasoningTokens: 3 },
    },
  },
  failures: {
    error: failed,
    drop: failed,
    cut: { code: 'truncated' },
  },
  refusal: failed,
})

describeProducer('a route of Next.js, with frames of its own', {
  start({ url }, apiKey) {
    setEnv({ ANTHROPIC_BASE_URL: url, ANTHROPIC_API_KEY: apiKey })
    return serveFetch(POST)
  },
  told: {
    text: {
      finishReason: 'stop',
      reasoning,
      usage,
    },
  },
  failures: {
    error: failed,
    drop: failed,
    cut: failed,
  },
  refusal: failed,
})
