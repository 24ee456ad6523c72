import { passThrough } from '../../examples/servers/pass-through.ts'
import { type ProviderStream, reasoning, toolCalls } from '../helpers/mock-provider/answer.ts'
import { chatCompletions, messages, responses } from '../helpers/mock-provider/apis.ts'
import { describeProducer, type Producer, serveFetch } from './producer.ts'

/** What the page asks, which goes to the provider as it is. */
const request = {
  model: 'm',
  messages: [{ role: 'user', content: 'Hello!' }],
  stream: true,
  stream_options: { include_usage: true },
}
const counts = { inputTokens: 21, outputTokens: 9, totalTokens: 30, cachedInputTokens: 8 }

function passed(
  path: string,
  header: 'authorization' | 'x-api-key',
  api: ProviderStream,
  told: { reasoning?: string; usage: object },
): Producer {
  return {
    start({ url }, key) {
      const value = header === 'authorization' ? `Bearer ${key}` : key
      return serveFetch(passThrough(url + path, { [header]: value }))
    },
    json: request,
    told: {
      text: { finishReason: 'stop', ...told },
      tools: { finishReason: 'tool-calls', toolCalls, ...told },
    },
    failures: {
      error: { code: 'provider', says: api.failureMessage },
      drop: { code: 'network' },
      cut: { code: 'truncated' },
    },
    refusal: { code: 'http', says: api.refusalMessage.replace(/\.$/, '') },
  }
}

describeProducer(
  'Chat Completions, passed through',
  passed('/v1/chat/completions', 'authorization', chatCompletions, {
    usage: { ...counts, reasoningTokens: 0 },
  }),
)

describeProducer(
  'Responses, passed through',
  passed('/v1/responses', 'authorization', responses, {
    reasoning,
    usage: { ...counts, reasoningTokens: 3 },
  }),
)

describeProducer(
  'Messages, passed through',
  passed('/v1/messages', 'x-api-key', messages, { reasoning, usage: counts }),
)
