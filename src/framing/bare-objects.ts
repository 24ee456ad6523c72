import { scanJson } from '../json-scan.ts'
import type { Stage } from '../stage.ts'
import { isObject, parseJson } from '../wire-value.ts'
import { frameOf } from './lines.ts'
import type { SseEvent } from './sse.ts'

/** How long such an object may be, in UTF-16 code units. */
const MAX_LENGTH = 16_384

/** The start of a line that belongs to an event stream: no line of JSON is like that. */
const FIELD_LINE = /[\r\n](?:(?:data|event|id|retry)[:\r\n]|:)/g

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
    passed = text.length < LEAD_LENGTH ? (passed + text).slice(-LEAD_LENGTH) : text
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

/** What such an object follows: the end of a line, or llama.cpp's field for errors. */
const LEADS = ['\n{', '\r{', '\nerror: {']
const LEAD_LENGTH = 8
/** The start of a text whose brace may follow what was passed before. */
const GOES_ON = /^[error: ]{0,7}\{/

/** The index of the first brace in `text` that may begin such an object; -1 if there is none. */
function objectStart(before: string, text: string): number {
  const brace = text.indexOf('{')
  if (brace === -1) return -1
  if (GOES_ON.test(text)) {
    const start = before.slice(-LEAD_LENGTH) + text.slice(0, brace + 1)
    if (LEADS.some((lead) => start.endsWith(lead))) return brace
  }
  let first = -1
  for (const lead of LEADS) {
    const start = indexOf(lead, text)
    const end = start + lead.length - 1
    if (start !== -1 && (first === -1 || end < first)) first = end
  }
  return first
}

/** V8 looks for seven characters and more in another way than for few: a slower one here. */
function indexOf(lead: string, text: string): number {
  const few = lead.slice(0, 6)
  let start = text.indexOf(few)
  while (start !== -1 && !text.startsWith(lead, start)) start = text.indexOf(few, start + 1)
  return start
}
