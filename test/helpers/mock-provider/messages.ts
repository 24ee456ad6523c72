import type { RawMessageStreamEvent } from '@anthropic-ai/sdk/resources/messages'
import { frame, sse, typeOf } from '../encode.ts'
import { cut, type ProviderStream, pieces, thoughts, toolCalls } from './answer.ts'

type Delta = Extract<RawMessageStreamEvent, { type: 'content_block_delta' }>['delta']

/** One content block: its start, its deltas, its stop. */
function block(index: number, content_block: object, deltas: Delta[]): object[] {
  return [
    { type: 'content_block_start', index, content_block },
    ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
    { type: 'content_block_stop', index },
  ]
}

/** Anthropic Messages, with extended thinking. */
export const messages: ProviderStream = {
  frames(kind) {
    const head = { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-mock' }
    const usage = { input_tokens: 13, cache_creation_input_tokens: 0, cache_read_input_tokens: 8 }
    const calls = toolCalls.flatMap(({ id, name, inputText }, index) => {
      const deltas = ['', ...cut(inputText)].map(
        (partial_json) => ({ type: 'input_json_delta', partial_json }) as const,
      )
      return block(2 + index, { type: 'tool_use', id, name, input: {} }, deltas)
    })
    const events = [
      {
        type: 'message_start',
        message: {
          ...head,
          content: [],
          stop_reason: null,
          stop_sequence: null,
          usage: { ...usage, output_tokens: 1, service_tier: 'standard' },
        },
      },
      ...block(0, { type: 'thinking', thinking: '', signature: '' }, [
        ...thoughts.map((thinking) => ({ type: 'thinking_delta', thinking }) as const),
        { type: 'signature_delta', signature: 'c2lnbmVk' },
      ]),
      { type: 'ping' },
      ...block(
        1,
        { type: 'text', text: '' },
        pieces.map((piece) => ({ type: 'text_delta', text: piece })),
      ),
      ...(kind === 'tools' ? calls : []),
      {
        type: 'message_delta',
        delta: { stop_reason: kind === 'tools' ? 'tool_use' : 'end_turn', stop_sequence: null },
        usage: { ...usage, output_tokens: 9 },
      },
      { type: 'message_stop' },
    ]
    return events.map((event, index) => frame(event, { event: typeOf, padding: index % 7 }))
  },
  failure: sse(
    [
      {
        type: 'error',
        error: { details: null, type: 'overloaded_error', message: 'Overloaded' },
        request_id: 'req_1',
      },
    ],
    { event: typeOf },
  ),
  failureMessage: 'Overloaded',
  refusal: {
    type: 'error',
    error: { type: 'authentication_error', message: 'invalid x-api-key' },
    request_id: 'req_1',
  },
  refusalMessage: 'invalid x-api-key',
}
