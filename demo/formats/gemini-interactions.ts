import { outputTokens } from '../answer.ts'
import { type DemoFormat, eventStream, named, type Payload } from './format.ts'

const event = (type: string, payload: Payload): string =>
  named(type, { ...payload, event_type: type })

function step(index: number, fields: Payload, deltas: Payload[]): string[] {
  return [
    event('step.start', { index, step: fields }),
    ...deltas.map((delta) => event('step.delta', { index, delta })),
    event('step.stop', { index }),
  ]
}

const interaction = { id: 'interaction-demo', model: 'demo-model', object: 'interaction' }

/** Gemini Interactions. */
export const geminiInteractions: DemoFormat = {
  label: 'Gemini Interactions',
  contentType: eventStream,
  hasTools: true,
  frames: (answer) => {
    const { reasoning, text, call, sources, inputTokens } = answer
    const output = outputTokens(answer)
    const annotations = sources.map((source) => ({ type: 'url_citation', ...source }))
    return [
      event('interaction.created', { interaction: { ...interaction, status: 'in_progress' } }),
      ...step(
        0,
        { type: 'thought' },
        reasoning.map((piece) => ({
          type: 'thought_summary',
          content: { type: 'text', text: piece },
        })),
      ),
      ...(call
        ? step(
            1,
            { type: 'function_call', id: call.id, name: call.name, arguments: {} },
            call.input.map((piece) => ({ type: 'arguments_delta', arguments: piece })),
          )
        : step(1, { type: 'model_output' }, [
            ...text.map((piece) => ({ type: 'text', text: piece })),
            ...(annotations.length > 0 ? [{ type: 'text_annotation_delta', annotations }] : []),
          ])),
      event('interaction.completed', {
        interaction: {
          ...interaction,
          status: call ? 'requires_action' : 'completed',
          usage: {
            total_input_tokens: inputTokens,
            total_output_tokens: output - reasoning.length,
            total_thought_tokens: reasoning.length,
            total_tokens: inputTokens + output,
          },
        },
      }),
      named('done', '[DONE]'),
    ]
  },
  errorFrame: event('error', { error: { code: 'unavailable', message: 'Overloaded.' } }),
  unauthorized: {
    error: { code: 401, message: 'API key not valid.', status: 'UNAUTHENTICATED' },
  },
}
