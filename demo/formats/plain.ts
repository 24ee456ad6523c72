import { type DemoFormat, data, eventStream } from './format.ts'

/** What most hand-written servers send: one `{text}` object per event, then `[DONE]`. */
export const plain: DemoFormat = {
  label: 'Plain {text} events',
  contentType: eventStream,
  hasTools: false,
  frames: ({ text, inputTokens }) => [
    ...text.map((piece) => data({ text: piece })),
    data({ done: true, usage: { input_tokens: inputTokens, output_tokens: text.length } }),
    data('[DONE]'),
  ],
  errorFrame: data({ error: 'The model is overloaded.' }),
  unauthorized: { error: 'Please sign in.' },
}
