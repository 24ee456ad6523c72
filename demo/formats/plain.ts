import { type DemoFormat, data } from './format.ts'

/** What most hand-written servers send: one `{text}` object per event, then `[DONE]`. */
export const plain: DemoFormat = {
  label: 'Plain {text} events',
  contentType: 'text/event-stream; charset=utf-8',
  frames: ({ text, inputTokens }) => [
    ...text.map((piece) => data({ text: piece })),
    data({ done: true, usage: { input_tokens: inputTokens, output_tokens: text.length } }),
    data('[DONE]'),
  ],
  errorFrame: data({ error: 'The model is overloaded.' }),
  unauthorized: { error: 'Please sign in.' },
}
