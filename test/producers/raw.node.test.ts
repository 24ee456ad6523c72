import { createApp as createExpress } from '../../examples/servers/express.ts'
import { createApp as createFastify } from '../../examples/servers/fastify.ts'
import { createApp as createHono } from '../../examples/servers/hono.ts'
import { POST } from '../../examples/servers/next-route.ts'
import { reasoning, toolCalls } from '../helpers/mock-provider/answer.ts'
import { chatCompletions, messages, responses } from '../helpers/mock-provider/apis.ts'
import { httpServer } from '../helpers/sockets.ts'
import { describeProducer, serveFastify, serveFetch, setEnv } from './producer.ts'

const usage = { inputTokens: 21, outputTokens: 9, totalTokens: 30, cachedInputTokens: 8 }

describeProducer('Express, with frames of its own', {
  start: ({ openaiUrl: baseURL }, apiKey) => httpServer(createExpress({ baseURL, apiKey })),
  told: { text: { finishReason: 'stop' } },
  failures: {
    error: { code: 'provider', says: chatCompletions.failureMessage },
    drop: { code: 'provider', says: 'terminated' },
    cut: { code: 'provider', says: 'The answer was cut off.' },
  },
  refusal: { code: 'provider', says: chatCompletions.refusalMessage },
})

describeProducer('Fastify, with the chunks of a chat completion', {
  start: ({ openaiUrl: baseURL }, apiKey) => serveFastify(createFastify({ baseURL, apiKey })),
  told: {
    text: { finishReason: 'stop', usage: { ...usage, reasoningTokens: 0 } },
    tools: { finishReason: 'tool-calls', toolCalls, usage: { ...usage, reasoningTokens: 0 } },
  },
  failures: {
    error: { code: 'provider', says: chatCompletions.failureMessage },
    drop: { code: 'provider', says: 'terminated' },
    cut: { code: 'truncated' },
  },
  refusal: { code: 'http', says: chatCompletions.refusalMessage },
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
    error: { code: 'provider', says: responses.failureMessage },
    drop: { code: 'provider', says: 'terminated' },
    cut: { code: 'truncated' },
  },
  refusal: { code: 'provider', says: responses.refusalMessage },
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
    error: { code: 'provider', says: messages.failureMessage },
    drop: { code: 'provider', says: 'terminated' },
    cut: { code: 'provider' },
  },
  refusal: { code: 'provider', says: messages.refusalMessage },
})
