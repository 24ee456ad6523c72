import { scanJson } from '../json-scan.ts'
import type { Stage } from '../stage.ts'
import { isObject, parseJson } from '../wire-value.ts'
import { frameOf } from './lines.ts'
import type { SseEvent } from './sse.ts'

/** How long such an object may be, in UTF-16 code units. */
const MAX_LENGTH = 16_384

/** The start of a line that belongs to an event stream: no line of JSON is like that. */
const FIELD_LINE = /[\r\n](?:(?:data|event|id|retry)\b|:)/g

/**
 * Hands on objects that stand bare between the events of an event stream, without `data:`; all other
 * text goes to `events`. To the spec the lines of such an object are unknown fields, to be ignored;
 * it is how some servers report what broke the stream.
 */
export function takeBareObjects(events: Stage<string, SseEvent>): Stage<string, SseEvent> {
  /** What may be such an object, from its brace on. */
  let held = ''
  let scan = scanJson()
  /** The text that `events` took last: an object may follow where it ended a line. */
  let passed = '\n'

  function pass(text: string, emit: (frame: SseEvent) => void): void {
    if (text === '') return
    passed = text
    events.push(text, emit)
  }

  /** Takes the rest of what may be an object. Returns what comes after it, once that is known. */
  function hold(text: string, emit: (frame: SseEvent) => void): string {
    const from = held.length
    held += text
    const scanned = scan.next(text, 0)
    const end = scanned === -1 ? -1 : from + scanned
    FIELD_LINE.lastIndex = Math.max(from - 6, 0)
    const field = FIELD_LINE.exec(held)?.index ?? -1
    const isWhole = end !== -1 && (field === -1 || end <= field)
    if (!isWhole && field === -1 && held.length < MAX_LENGTH) return ''
    const stop = isWhole ? end : field === -1 ? held.length : field + 1
    const object = held.slice(0, stop)
    const rest = held.slice(stop)
    held = ''
    scan = scanJson()
    if (isWhole && isObject(parseJson(object))) {
      // A blank line, so that the event before it goes first. What comes next stands in its line.
      events.push('\n\n', emit)
      emit(frameOf(object))
      passed = object
    } else {
      pass(object, emit)
    }
    return rest
  }

  return {
    push(chunk, emit) {
      let text = chunk
      while (text !== '') {
        const start = held === '' ? objectStart(passed, text) : 0
        if (start === -1) return pass(text, emit)
        pass(text.slice(0, start), emit)
        text = hold(text.slice(start), emit)
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

/** The index of the first brace in `text` that starts a line; -1 if there is none. */
function objectStart(before: string, text: string): number {
  if (text[0] === '{' && /[\r\n]$/.test(before)) return 0
  const lf = text.indexOf('\n{')
  const cr = text.indexOf('\r{')
  if (lf === -1 && cr === -1) return -1
  return 1 + (cr === -1 || (lf !== -1 && lf < cr) ? lf : cr)
}
