import { type DemoFormat, data } from './format.ts'

function chunk(fields: { choices: object[]; usage?: object }): string {
  return data({
    id: 'chatcmpl-demo',
    object: 'chat.completion.chunk',
    created: 1_795_248_000,
    model: 'demo-model',
    usage: null,
    ...fields,
  })
}

function choice(delta: object, finishReason: string | null = null): string {
  return chunk({ choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }] })
}

/** OpenAI Chat Completions with `stream_options.include_usage`. */
export const openai: DemoFormat = {
  label: 'OpenAI Chat Completions',
  contentType: 'text/event-stream; charset=utf-8',
  frames: ({ text, inputTokens }) => [
    choice({ role: 'assistant', content: '', refusal: null }),
    ...text.map((content) => choice({ content })),
    choice({}, 'stop'),
    chunk({
      choices: [],
      usage: {
        prompt_tokens: inputTokens,
        completion_tokens: text.length,
        total_tokens: inputTokens + text.length,
      },
    }),
    data('[DONE]'),
  ],
  errorFrame: data({
    error: {
      message: 'The server had an error while processing your request.',
      type: 'server_error',
      param: null,
      code: null,
    },
  }),
  unauthorized: {
    error: {
      message: 'Incorrect API key provided.',
      type: 'invalid_request_error',
      param: null,
      code: 'invalid_api_key',
    },
  },
}
