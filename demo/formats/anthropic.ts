import { outputTokens } from '../answer.ts'
import { type DemoFormat, eventStream, type Payload, typed } from './format.ts'

/** One content block: its start, its deltas, its stop. */
function block(index: number, start: Payload, deltas: Payload[]): string[] {
  return [
    typed({ type: 'content_block_start', index, content_block: start }),
    ...deltas.map((delta) => typed({ type: 'content_block_delta', index, delta })),
    typed({ type: 'content_block_stop', index }),
  ]
}

/** Anthropic Messages, with extended thinking. */
export const anthropic: DemoFormat = {
  label: 'Anthropic Messages',
  contentType: eventStream,
  hasTools: true,
  frames: (answer) => {
    const { reasoning, text, call, sources, inputTokens } = answer
    return [
      typed({
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
      typed({ type: 'ping' }),
      ...block(0, { type: 'thinking', thinking: '', signature: '' }, [
        ...reasoning.map((thinking) => ({ type: 'thinking_delta', thinking })),
        { type: 'signature_delta', signature: 'ZGVtbw==' },
      ]),
      ...(call
        ? block(
            1,
            { type: 'tool_use', id: call.id, name: call.name, input: {} },
            call.input.map((piece) => ({ type: 'input_json_delta', partial_json: piece })),
          )
        : block(1, { type: 'text', text: '' }, [
            ...text.map((piece) => ({ type: 'text_delta', text: piece })),
            ...sources.map((source) => ({
              type: 'citations_delta',
              citation: {
                type: 'web_search_result_location',
                ...source,
                cited_text: '',
                encrypted_index: 'ZGVtbw==',
              },
            })),
          ])),
      typed({
        type: 'message_delta',
        delta: { stop_reason: call ? 'tool_use' : 'end_turn', stop_sequence: null },
        usage: { output_tokens: outputTokens(answer) },
      }),
      typed({ type: 'message_stop' }),
    ]
  },
  errorFrame: typed({
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
