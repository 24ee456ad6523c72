import { outputTokens } from '../answer.ts'
import type { DemoFormat } from './format.ts'

function line(message: object, rest: object = {}): string {
  return `${JSON.stringify({
    model: 'demo-model',
    created_at: '2026-11-21T12:00:00Z',
    message: { role: 'assistant', content: '', ...message },
    done: false,
    ...rest,
  })}\n`
}

/** Ollama's own API: lines of JSON. A call comes whole. */
export const ollama: DemoFormat = {
  label: 'Ollama',
  contentType: 'application/x-ndjson',
  hasTools: true,
  frames: (answer) => [
    ...answer.reasoning.map((thinking) => line({ thinking })),
    ...answer.text.map((content) => line({ content })),
    ...(answer.call
      ? [
          line({
            tool_calls: [
              {
                function: {
                  name: answer.call.name,
                  arguments: JSON.parse(answer.call.input.join('')),
                },
              },
            ],
          }),
        ]
      : []),
    line(
      {},
      {
        done: true,
        done_reason: 'stop',
        prompt_eval_count: answer.inputTokens,
        eval_count: outputTokens(answer),
      },
    ),
  ],
  errorFrame: `${JSON.stringify({ error: 'an error was encountered while running the model' })}\n`,
  unauthorized: { error: 'unauthorized' },
}
