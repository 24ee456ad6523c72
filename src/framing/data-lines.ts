import type { Stage } from '../stage.ts'
import { frameOf, splitLines } from './lines.ts'
import type { SseEvent } from './sse.ts'

/**
 * An event stream without the blank lines that end its events → one frame for each `data:` line.
 * Servers whose clients go by lines alone send such; to the spec it is all one event.
 */
export function splitDataLines(maxEventSize: number): Stage<string, SseEvent> {
  const lines = splitLines(maxEventSize)
  const dataOf = (emit: (frame: SseEvent) => void) => (line: SseEvent) => {
    const data = /^data: ?(.+)/s.exec(line.data)?.[1]
    if (data !== undefined) emit(frameOf(data))
  }
  return {
    push: (text, emit) => lines.push(text, dataOf(emit)),
    end: (emit) => lines.end(dataOf(emit)),
  }
}
