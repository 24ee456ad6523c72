import { emitText } from './emit.ts'
import type { WireFormat } from './format.ts'

/**
 * A body that is the answer's text as it stands, such as the AI SDK's `toTextStreamResponse()`.
 * There is no end marker: a body that ends has the finish reason `'unknown'`.
 */
export const rawText: WireFormat = {
  name: 'raw text',
  rawBody: true,
  decoder: () => ({
    marksEnd: () => false,
    push: (frame, emit) => emitText(frame.data, emit),
    pushText: emitText,
    end() {},
  }),
}
