import { scanJson } from '../json-scan.ts'
import type { Stage } from '../stage.ts'
import { isObject, parseJson } from '../wire-value.ts'
import { frameOf } from './lines.ts'
import type { SseEvent } from './sse.ts'

/** How long an object may be, in UTF-16 code units. Longer ones stay what they are to the spec. */
const MAX_LENGTH = 64 * 1024

/**
 * Finds JSON objects that stand bare between the events of an event stream, without `data:`. To the
 * spec their lines are unknown fields; it is how some servers report what broke the stream. Each is
 * a frame of its own; everything else goes to `events`.
 */
export function findBareObjects(events: Stage<string, SseEvent>): Stage<string, SseEvent> {
  let scan = scanJson()
  /** The object that is still open, as far as it came. */
  let held = ''
  let isAtLineStart = true

  /** Where a line starts with a brace; -1 if none does. */
  function findStart(text: string): number {
    if (isAtLineStart && text.startsWith('{')) return 0
    // Two plain searches: a pattern for both takes several times as long.
    const afterLf = text.indexOf('\n{')
    const afterCr = text.indexOf('\r{')
    const first = afterLf === -1 || (afterCr !== -1 && afterCr < afterLf) ? afterCr : afterLf
    return first === -1 ? -1 : first + 1
  }

  function pushEvents(text: string, emit: (frame: SseEvent) => void): void {
    if (text === '') return
    isAtLineStart = text.endsWith('\n') || text.endsWith('\r')
    events.push(text, emit)
  }

  return {
    push(text, emit) {
      let rest = text
      while (rest !== '') {
        if (held === '') {
          const start = findStart(rest)
          if (start === -1) return pushEvents(rest, emit)
          pushEvents(rest.slice(0, start), emit)
          rest = rest.slice(start)
        }
        const end = scan.next(rest, 0)
        held += end === -1 ? rest : rest.slice(0, end)
        rest = end === -1 ? '' : rest.slice(end)
        if (end === -1 && held.length <= MAX_LENGTH) return
        const object = held
        held = ''
        scan = scanJson()
        if (end !== -1 && isObject(parseJson(object))) emit(frameOf(object))
        else pushEvents(object, emit)
      }
    },
    end(emit) {
      // Cut off: whoever reads the end of a body decides what an unfinished frame means.
      if (held !== '') emit(frameOf(held))
      held = ''
      events.end(emit)
    },
  }
}
