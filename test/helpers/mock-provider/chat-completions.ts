import type { ChatCompletionChunk } from 'openai/resources/chat/completions'
import { frame, sse } from '../encode.ts'
import { cut, type ProviderStream, pieces, toolCalls } from './answer.ts'

function chunk(
  choices: ChatCompletionChunk['choices'],
  usage: ChatCompletionChunk['usage'] = null,
): ChatCompletionChunk {
  const head = {
    id: 'chatcmpl',
    object: 'chat.completion.chunk',
    created: 1_795_248_000,
  } as const
  return { ...head, model: 'gpt-mock', choices, usage, obfuscation: 'q8Zx' }
}

function choice(
  delta: ChatCompletionChunk.Choice.Delta,
  finish_reason: ChatCompletionChunk.Choice['finish_reason'] = null,
): ChatCompletionChunk {
  return chunk([{ index: 0, delta, logprobs: null, finish_reason }])
}

/** OpenAI Chat Completions, with the tokens at the end as `include_usage` asks for. */
export const chatCompletions: ProviderStream = {
  frames(kind, turn) {
    const calls = toolCalls.flatMap(({ id, name, inputText }, index) => {
      const head = { index, id, type: 'function', function: { name, arguments: '' } } as const
      const rest = cut(inputText).map((json) => ({ index, function: { arguments: json } }))
      return [head, ...rest].map((call) => choice({ tool_calls: [call] }))
    })
    const chunks = [
      choice({ role: 'assistant', content: '', refusal: null }),
      ...pieces.map((content) => choice({ content })),
      ...(kind === 'tools' ? calls : []),
      choice({}, kind === 'tools' ? 'tool_calls' : 'stop'),
      chunk([], {
        prompt_tokens: 21,
        completion_tokens: 9,
        total_tokens: 30,
        prompt_tokens_details: { cached_tokens: 8 },
        completion_tokens_details: { reasoning_tokens: 0 },
      }),
    ]
    const ofTurn = chunks.map((payload) => ({ ...payload, id: `chatcmpl-${turn}` }))
    return [...ofTurn, '[DONE]'].map((payload) => frame(payload))
  },
  failure: sse([
    {
      error: { message: 'The server had an error.', type: 'server_error', param: null, code: null },
    },
    '[DONE]',
  ]),
  failureMessage: 'The server had an error.',
  refusal: {
    error: {
      message: 'Incorrect API key provided.',
      type: 'invalid_request_error',
      param: null,
      code: 'invalid_api_key',
    },
  },
  refusalMessage: 'Incorrect API key provided.',
}
