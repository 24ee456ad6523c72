import type { DemoFormat } from './format.ts'

/** The API ends its lines with CRLF. */
const event = (payload: object): string => `data: ${JSON.stringify(payload)}\r\n\r\n`

function chunk(parts: object[], candidate: object = {}, rest: object = {}): string {
  return event({
    candidates: [{ content: { parts, role: 'model' }, index: 0, ...candidate }],
    modelVersion: 'demo-model',
    responseId: 'gemini-demo',
    ...rest,
  })
}

/** Gemini, `streamGenerateContent?alt=sse`, with thoughts. A call comes whole. */
export const gemini: DemoFormat = {
  label: 'Gemini',
  contentType: 'text/event-stream',
  hasTools: true,
  frames: ({ reasoning, text, call, sources, inputTokens }) => [
    ...reasoning.map((piece) => chunk([{ text: piece, thought: true }])),
    ...text.map((piece) => chunk([{ text: piece }])),
    ...(call
      ? [chunk([{ functionCall: { name: call.name, args: JSON.parse(call.input.join('')) } }])]
      : []),
    chunk(
      [{ text: '' }],
      {
        finishReason: 'STOP',
        ...(sources.length > 0 && {
          groundingMetadata: {
            groundingChunks: sources.map(({ url, title }) => ({ web: { uri: url, title } })),
          },
        }),
      },
      {
        usageMetadata: {
          promptTokenCount: inputTokens,
          candidatesTokenCount: text.length,
          thoughtsTokenCount: reasoning.length,
          totalTokenCount: inputTokens + text.length + reasoning.length,
        },
      },
    ),
  ],
  errorFrame: event({
    error: { code: 503, message: 'The model is overloaded.', status: 'UNAVAILABLE' },
  }),
  unauthorized: {
    error: { code: 401, message: 'API key not valid.', status: 'UNAUTHENTICATED' },
  },
}
