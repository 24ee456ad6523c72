import { outputTokens } from '../answer.ts'
import type { DemoFormat } from './format.ts'

/** One part: its code and its value, on a line. */
const part = (code: string, value: unknown): string => `${code}:${JSON.stringify(value)}\n`

/** The data stream of Vercel's AI SDK, versions 3.4 and 4: lines of text, no events. */
export const aiSdkData: DemoFormat = {
  label: 'AI SDK data stream v1',
  contentType: 'text/plain; charset=utf-8',
  headers: { 'x-vercel-ai-data-stream': 'v1' },
  hasTools: true,
  frames: (answer) => {
    const { reasoning, text, call, sources, inputTokens } = answer
    const usage = { promptTokens: inputTokens, completionTokens: outputTokens(answer) }
    const finishReason = call ? 'tool-calls' : 'stop'
    const id = call && { toolCallId: call.id }
    return [
      part('f', { messageId: 'msg-demo' }),
      ...reasoning.map((piece) => part('g', piece)),
      ...text.map((piece) => part('0', piece)),
      ...(call
        ? [
            part('b', { ...id, toolName: call.name }),
            ...call.input.map((argsTextDelta) => part('c', { ...id, argsTextDelta })),
            part('9', { ...id, toolName: call.name, args: JSON.parse(call.input.join('')) }),
          ]
        : []),
      ...sources.map((source, index) =>
        part('h', { sourceType: 'url', id: `s${index}`, ...source }),
      ),
      part('e', { finishReason, usage, isContinued: false }),
      part('d', { finishReason, usage }),
    ]
  },
  errorFrame: part('3', 'An error occurred.'),
  unauthorized: { error: 'Unauthorized' },
}
