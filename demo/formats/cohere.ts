import { outputTokens } from '../answer.ts'
import { type DemoFormat, data, eventStream, typed } from './format.ts'

const event = (type: string, index: number, message?: object): string =>
  typed({ type, index, ...(message && { delta: { message } }) })

function content(index: number, type: 'text' | 'thinking', pieces: string[]): string[] {
  return [
    event('content-start', index, { content: { type, [type]: '' } }),
    ...pieces.map((piece) => event('content-delta', index, { content: { [type]: piece } })),
    event('content-end', index),
  ]
}

/** Cohere, version 2 of its chat. A source is a document that was given to it. */
export const cohere: DemoFormat = {
  label: 'Cohere v2',
  contentType: eventStream,
  hasTools: true,
  frames: (answer) => {
    const { reasoning, text, call, sources, inputTokens } = answer
    const tokens = { input_tokens: inputTokens, output_tokens: outputTokens(answer) }
    return [
      typed({
        type: 'message-start',
        id: 'cohere-demo',
        delta: {
          message: { role: 'assistant', content: [], tool_plan: '', tool_calls: [], citations: [] },
        },
      }),
      ...content(0, 'thinking', reasoning),
      ...(call
        ? [
            event('tool-call-start', 0, {
              tool_calls: {
                id: call.id,
                type: 'function',
                function: { name: call.name, arguments: '' },
              },
            }),
            ...call.input.map((piece) =>
              event('tool-call-delta', 0, { tool_calls: { function: { arguments: piece } } }),
            ),
            event('tool-call-end', 0),
          ]
        : content(1, 'text', text)),
      ...sources.flatMap((document, index) => [
        event('citation-start', index, {
          citations: {
            start: 0,
            end: 1,
            text: '',
            type: 'TEXT_CONTENT',
            sources: [{ type: 'document', id: `doc-${index}`, document }],
          },
        }),
        event('citation-end', index),
      ]),
      typed({
        type: 'message-end',
        delta: {
          finish_reason: call ? 'TOOL_CALL' : 'COMPLETE',
          usage: { billed_units: tokens, tokens },
        },
      }),
      data('[DONE]'),
    ]
  },
  errorFrame: typed({
    type: 'message-end',
    delta: { finish_reason: 'ERROR', error: 'The model is overloaded.' },
  }),
  unauthorized: { message: 'invalid api token' },
}
