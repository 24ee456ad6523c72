import { type DemoFormat, data, eventStream } from './format.ts'

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

const callDelta = (fields: object): string => choice({ tool_calls: [{ index: 0, ...fields }] })

/** OpenAI Chat Completions with `stream_options.include_usage`. It shows no reasoning. */
export const openaiChat: DemoFormat = {
  label: 'OpenAI Chat Completions',
  contentType: eventStream,
  hasTools: true,
  frames: ({ text, call, sources, inputTokens }) => [
    choice({ role: 'assistant', content: call ? null : '', refusal: null }),
    ...text.map((content) => choice({ content })),
    ...sources.map((source) =>
      choice({
        annotations: [
          { type: 'url_citation', url_citation: { ...source, start_index: 0, end_index: 1 } },
        ],
      }),
    ),
    ...(call
      ? [
          callDelta({
            id: call.id,
            type: 'function',
            function: { name: call.name, arguments: '' },
          }),
          ...call.input.map((piece) => callDelta({ function: { arguments: piece } })),
        ]
      : []),
    choice({}, call ? 'tool_calls' : 'stop'),
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
