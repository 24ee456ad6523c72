import type {
  Response,
  ResponseOutputText,
  ResponseStreamEvent,
} from 'openai/resources/responses/responses'
import { frame, typeOf } from '../encode.ts'
import { cut, type ProviderStream, pieces, reasoning, text, thoughts, toolCalls } from './answer.ts'
import { chatCompletions } from './chat-completions.ts'

/** A field of the wire only; the SDK adds `output_text`, `id`s and more to what it hands out. */
type Wire<T> = T extends unknown ? Omit<T, 'sequence_number' | 'response' | 'item'> : never
type ResponsesEvent = Wire<ResponseStreamEvent> & { response?: Partial<Response>; item?: object }

function state(
  status: 'created' | 'in_progress' | 'completed',
  usage?: Response['usage'],
): ResponsesEvent {
  const word = status === 'created' ? 'in_progress' : status
  const head = {
    id: 'resp_1',
    object: 'response',
    created_at: 1_795_248_000,
    model: 'gpt-mock',
  } as const
  const response = { ...head, status: word, error: null, incomplete_details: null, output: [] }
  return { type: `response.${status}`, response: { ...response, ...(usage && { usage }) } }
}

/** One item of the output: its start, what is in it, its end. */
function item(output_index: number, fields: object, inner: ResponsesEvent[]): ResponsesEvent[] {
  return [
    {
      type: 'response.output_item.added',
      output_index,
      item: { ...fields, status: 'in_progress' },
    },
    ...inner,
    { type: 'response.output_item.done', output_index, item: { ...fields, status: 'completed' } },
  ]
}

function reasoningItem(): ResponsesEvent[] {
  const at = { item_id: 'rs_1', output_index: 0, summary_index: 0 }
  const part = (whole: string) => ({ type: 'summary_text', text: whole }) as const
  return item(0, { id: 'rs_1', type: 'reasoning', summary: [] }, [
    { type: 'response.reasoning_summary_part.added', ...at, part: part('') },
    ...thoughts.map(
      (delta) => ({ type: 'response.reasoning_summary_text.delta', ...at, delta }) as const,
    ),
    { type: 'response.reasoning_summary_text.done', ...at, text: reasoning },
    { type: 'response.reasoning_summary_part.done', ...at, part: part(reasoning) },
  ])
}

function messageItem(): ResponsesEvent[] {
  const at = { item_id: 'msg_1', output_index: 1, content_index: 0 }
  const part = (whole: string): ResponseOutputText => {
    return { type: 'output_text', text: whole, annotations: [], logprobs: [] }
  }
  const deltas = pieces.map((delta): ResponsesEvent => {
    return { type: 'response.output_text.delta', ...at, delta, logprobs: [] }
  })
  return item(1, { id: 'msg_1', type: 'message', role: 'assistant', content: [] }, [
    { type: 'response.content_part.added', ...at, part: part('') },
    ...deltas,
    { type: 'response.output_text.done', ...at, text, logprobs: [] },
    { type: 'response.content_part.done', ...at, part: part(text) },
  ])
}

function callItems(): ResponsesEvent[] {
  return toolCalls.flatMap(({ id, name, inputText }, index) => {
    const at = { item_id: `fc_${index}`, output_index: 2 + index }
    const fields = { id: `fc_${index}`, type: 'function_call', call_id: id, name, arguments: '' }
    return item(2 + index, fields, [
      ...cut(inputText).map(
        (delta) => ({ type: 'response.function_call_arguments.delta', ...at, delta }) as const,
      ),
      { type: 'response.function_call_arguments.done', ...at, arguments: inputText },
    ])
  })
}

/** Writes numbered events under their names. */
function responsesFrames(events: readonly object[], first = 0): string[] {
  return events.map((event, index) =>
    frame({ ...event, sequence_number: first + index }, { event: typeOf }),
  )
}

/** OpenAI Responses, with a summary of the reasoning. */
export const responses: ProviderStream = {
  frames: (kind) =>
    responsesFrames([
      state('created'),
      state('in_progress'),
      ...reasoningItem(),
      ...messageItem(),
      ...(kind === 'tools' ? callItems() : []),
      state('completed', {
        input_tokens: 21,
        input_tokens_details: { cached_tokens: 8, cache_write_tokens: 0 },
        output_tokens: 9,
        output_tokens_details: { reasoning_tokens: 3 },
        total_tokens: 30,
      }),
    ]),
  failure: responsesFrames(
    [
      {
        type: 'error',
        error: { type: 'server_error', code: 'server_error', message: 'Model down.' },
      },
      {
        type: 'response.failed',
        response: { status: 'failed', error: { code: 'server_error', message: 'Model down.' } },
      },
    ],
    20,
  ).join(''),
  failureMessage: 'Model down.',
  refusal: chatCompletions.refusal,
  refusalMessage: chatCompletions.refusalMessage,
}
