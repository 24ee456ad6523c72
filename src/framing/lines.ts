import type { Stage } from '../stage.ts'
import { type SseEvent, tooLargeError } from './sse.ts'

/**
 * Text → one frame a line: NDJSON, and the AI SDK's data stream v1 (`0:"…"`). Lines end with LF or
 * CRLF; blank ones are skipped. `end` hands on a last line without its terminator.
 */
export function splitLines(maxEventSize: number): Stage<string, SseEvent> {
  let held = ''

  function handOn(line: string, emit: (frame: SseEvent) => void): void {
    if (line.length > maxEventSize) throw tooLargeError(maxEventSize)
    const data = line.trim()
    if (data !== '') emit(frameOf(data))
  }

  return {
    push(text, emit) {
      let start = 0
      for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
        const line = held + text.slice(start, end)
        held = ''
        start = end + 1
        handOn(line, emit)
      }
      held += text.slice(start)
      if (held.length > maxEventSize) throw tooLargeError(maxEventSize)
    },
    end(emit) {
      handOn(held, emit)
      held = ''
    },
  }
}

/** A payload that came without SSE around it, as the frame a format reads. */
export function frameOf(data: string): SseEvent {
  return { type: 'message', data, lastEventId: '' }
}
