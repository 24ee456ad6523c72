import { type DemoFormat, data } from './format.ts'

type Payload = { type: string } & Record<string, unknown>

const event = (payload: Payload): string => `event: ${payload.type}\n${data(payload)}`

/** One content block: its start, its deltas, its stop. */
function block(index: number, start: Payload, deltas: Payload[]): string[] {
  return [
    event({ type: 'content_block_start', index, content_block: start }),
    ...deltas.map((delta) => event({ type: 'content_block_delta', index, delta })),
    event({ type: 'content_block_stop', index }),
  ]
}

/** Anthropic Messages, with extended thinking. */
export const anthropic: DemoFormat = {
  label: 'Anthropic Messages',
  contentType: 'text/event-stream; charset=utf-8',
  frames: ({ reasoning, text, inputTokens }) => [
    event({
      type: 'message_start',
      message: {
        id: 'msg_demo',
        type: 'message',
        role: 'assistant',
        model: 'demo-model',
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: {
          input_tokens: inputTokens,
          cache_creation_input_tokens: 0,
          cache_read_input_tokens: 0,
          output_tokens: 1,
        },
      },
    }),
    event({ type: 'ping' }),
    ...block(0, { type: 'thinking', thinking: '', signature: '' }, [
      ...reasoning.map((thinking) => ({ type: 'thinking_delta', thinking })),
      { type: 'signature_delta', signature: 'ZGVtbw==' },
    ]),
    ...block(
      1,
      { type: 'text', text: '' },
      text.map((piece) => ({ type: 'text_delta', text: piece })),
    ),
    event({
      type: 'message_delta',
      delta: { stop_reason: 'end_turn', stop_sequence: null },
      usage: { output_tokens: reasoning.length + text.length },
    }),
    event({ type: 'message_stop' }),
  ],
  errorFrame: event({
    type: 'error',
    error: { details: null, type: 'overloaded_error', message: 'Overloaded' },
    request_id: 'req_demo',
  }),
  unauthorized: {
    type: 'error',
    error: { type: 'authentication_error', message: 'invalid x-api-key' },
    request_id: 'req_demo',
  },
}
