import { simulateReadableStream } from 'ai'
import { MockLanguageModelV4 } from 'ai/test'

type DoStream = MockLanguageModelV4['doStream']
type Streamed = Awaited<ReturnType<DoStream>>
export type Part = Streamed['stream'] extends ReadableStream<infer P> ? P : never

/** Of 12 input tokens 4 were cached, of 7 output tokens 2 are reasoning. */
const usage = {
  inputTokens: { total: 12, noCache: 8, cacheRead: 4, cacheWrite: 0 },
  outputTokens: { total: 7, text: 5, reasoning: 2 },
}

type Finish = Extract<Part, { type: 'finish' }>

export function finish(unified: Finish['finishReason']['unified'], raw: string): Part {
  return { type: 'finish', finishReason: { unified, raw }, usage }
}

export function text(...deltas: string[]): Part[] {
  return [
    { type: 'text-start', id: '1' },
    ...deltas.map((delta) => ({ type: 'text-delta' as const, id: '1', delta })),
    { type: 'text-end', id: '1' },
  ]
}

/** A tool call whose input comes in two pieces. */
export function toolCall(toolCallId: string, toolName: string, input: string): Part[] {
  return [
    { type: 'tool-input-start', id: toolCallId, toolName },
    { type: 'tool-input-delta', id: toolCallId, delta: input.slice(0, 5) },
    { type: 'tool-input-delta', id: toolCallId, delta: input.slice(5) },
    { type: 'tool-input-end', id: toolCallId },
    { type: 'tool-call', toolCallId, toolName, input },
  ]
}

/** A model that streams these parts, one list each time it is asked. */
export function modelOf(...steps: Part[][]): MockLanguageModelV4 {
  return new MockLanguageModelV4({
    doStream: steps.map((chunks) => ({ stream: simulateReadableStream({ chunks }) })),
  })
}

/** A model that streams these parts and then nothing more, until it is stopped. */
export function stallingModel(parts: Part[], onStop: () => void = () => undefined) {
  return new MockLanguageModelV4({
    doStream: async ({ abortSignal }) => ({
      stream: new ReadableStream<Part>({
        start(controller) {
          for (const part of parts) controller.enqueue(part)
          abortSignal?.addEventListener('abort', () => {
            controller.error(abortSignal.reason)
            onStop()
          })
        },
      }),
    }),
  })
}
