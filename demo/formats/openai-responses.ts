import { outputTokens } from '../answer.ts'
import { type DemoFormat, eventStream, type Payload, typed } from './format.ts'
import { openaiChat } from './openai-chat.ts'

type Event = Payload & { type: string }

const response = (status: string, rest: Payload = {}): Payload => ({
  id: 'resp_demo',
  object: 'response',
  status,
  error: null,
  incomplete_details: null,
  model: 'demo-model',
  output: [],
  usage: null,
  ...rest,
})

/** An item of the output: its start, what happens within, its end. */
function item(index: number, fields: Payload, inside: Event[], done: Payload = {}): Event[] {
  const at = { output_index: index, item_id: fields['id'] }
  return [
    { type: 'response.output_item.added', ...at, item: { ...fields, status: 'in_progress' } },
    ...inside.map((event) => ({ ...at, ...event })),
    { type: 'response.output_item.done', ...at, item: { ...fields, ...done, status: 'completed' } },
  ]
}

function thoughts(pieces: string[]): Event[] {
  const text = pieces.join('')
  const part = 'response.reasoning_summary_'
  return item(0, { id: 'rs_demo', type: 'reasoning', summary: [] }, [
    { type: `${part}part.added`, summary_index: 0, part: { type: 'summary_text', text: '' } },
    ...pieces.map((delta) => ({ type: `${part}text.delta`, summary_index: 0, delta })),
    { type: `${part}text.done`, summary_index: 0, text },
    { type: `${part}part.done`, summary_index: 0, part: { type: 'summary_text', text } },
  ])
}

function message(pieces: string[], sources: object[]): Event[] {
  const at = { content_index: 0 }
  const annotations = sources.map((source) => ({
    type: 'url_citation',
    ...source,
    start_index: 0,
    end_index: 1,
  }))
  const part = { type: 'output_text', text: pieces.join(''), annotations }
  const empty = { ...part, text: '', annotations: [] }
  const fields = { id: 'msg_demo', type: 'message', role: 'assistant', content: [] }
  const inside = [
    { type: 'response.content_part.added', ...at, part: empty },
    ...pieces.map((delta) => ({ type: 'response.output_text.delta', ...at, delta, logprobs: [] })),
    ...annotations.map((annotation, annotation_index) => ({
      type: 'response.output_text.annotation.added',
      ...at,
      annotation_index,
      annotation,
    })),
    { type: 'response.output_text.done', ...at, text: part.text, logprobs: [] },
    { type: 'response.content_part.done', ...at, part },
  ]
  return item(1, fields, inside, { content: [part] })
}

function functionCall(id: string, name: string, pieces: string[]): Event[] {
  const whole = { arguments: pieces.join('') }
  const fields = { id: 'fc_demo', type: 'function_call', call_id: id, name, arguments: '' }
  const inside = [
    ...pieces.map((delta) => ({ type: 'response.function_call_arguments.delta', delta })),
    { type: 'response.function_call_arguments.done', ...whole },
  ]
  return item(1, fields, inside, whole)
}

/** OpenAI Responses, with a summary of the reasoning. */
export const openaiResponses: DemoFormat = {
  label: 'OpenAI Responses',
  contentType: eventStream,
  hasTools: true,
  frames: (answer) => {
    const { reasoning, text, call, sources, inputTokens } = answer
    const output = outputTokens(answer)
    const usage = {
      input_tokens: inputTokens,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: output,
      output_tokens_details: { reasoning_tokens: reasoning.length },
      total_tokens: inputTokens + output,
    }
    const events: Event[] = [
      { type: 'response.created', response: response('in_progress') },
      { type: 'response.in_progress', response: response('in_progress') },
      ...thoughts(reasoning),
      ...(call ? functionCall(call.id, call.name, call.input) : message(text, sources)),
      { type: 'response.completed', response: response('completed', { usage }) },
    ]
    return events.map((event, sequence_number) => typed({ ...event, sequence_number }))
  },
  errorFrame: typed({
    type: 'error',
    sequence_number: 99,
    error: { type: 'server_error', code: 'server_error', message: 'The server had an error.' },
  }),
  // Both are refused by the same API.
  unauthorized: openaiChat.unauthorized,
}
