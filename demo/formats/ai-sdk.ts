import { type DemoFormat, data, type Payload } from './format.ts'

/** A part of the message: its start, its deltas, its end. */
function part(kind: string, id: string, pieces: string[]): Payload[] {
  if (pieces.length === 0) return []
  return [
    { type: `${kind}-start`, id },
    ...pieces.map((delta) => ({ type: `${kind}-delta`, id, delta })),
    { type: `${kind}-end`, id },
  ]
}

/** The UI message stream of Vercel's AI SDK, versions 5 to 7. It has no place for usage. */
export const aiSdk: DemoFormat = {
  label: 'AI SDK UI messages',
  contentType: 'text/event-stream',
  headers: { 'x-vercel-ai-ui-message-stream': 'v1', 'x-accel-buffering': 'no' },
  hasTools: true,
  frames: ({ reasoning, text, call, sources }) => {
    const tool = call && { toolCallId: call.id, toolName: call.name }
    const chunks: Payload[] = [
      { type: 'start', messageId: 'msg-demo' },
      { type: 'start-step' },
      ...part('reasoning', 'r0', reasoning),
      ...part('text', 't0', text),
      ...(call
        ? [
            { type: 'tool-input-start', ...tool },
            ...call.input.map((inputTextDelta) => ({
              type: 'tool-input-delta',
              toolCallId: call.id,
              inputTextDelta,
            })),
            { type: 'tool-input-available', ...tool, input: JSON.parse(call.input.join('')) },
          ]
        : []),
      ...sources.map((source, index) => ({
        type: 'source-url',
        sourceId: `s${index}`,
        ...source,
      })),
      { type: 'finish-step' },
      { type: 'finish', finishReason: call ? 'tool-calls' : 'stop' },
    ]
    return [...chunks.map(data), data('[DONE]')]
  },
  errorFrame: data({ type: 'error', errorText: 'An error occurred.' }),
  unauthorized: { error: 'Unauthorized' },
}
