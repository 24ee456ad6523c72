import { scanJson } from '../json-scan.ts'
import type { Stage } from '../stage.ts'
import { frameOf } from './lines.ts'
import { type SseEvent, tooLargeError } from './sse.ts'

/**
 * Text → one frame for each JSON value: values with or without line ends between them, one value
 * over many lines, or the elements of one array of objects. `end` hands on a value that was cut off.
 */
export function splitJsonValues(maxEventSize: number): Stage<string, SseEvent> {
  const scan = scanJson()
  const separators = /[\s,\x1e]*/y
  /** The value that is still open, as far as it came; `''` between values. */
  let held = ''
  /** Whether an opening bracket turned out to be that of a list of objects: `[{…},{…}]`. */
  let list: 'unknown' | 'opened' | 'yes' | 'closed' | 'no' = 'unknown'

  /** The index of the next value's first character, with the brackets of a list skipped. */
  function nextValue(text: string, from: number): number {
    separators.lastIndex = from
    separators.test(text)
    const at = separators.lastIndex
    if (at === text.length) return at
    const character = text.charAt(at)
    if (list === 'unknown') {
      if (character === '[') {
        list = 'opened'
        return nextValue(text, at + 1)
      }
      list = 'no'
    }
    if (list === 'opened') {
      list = character === '{' ? 'yes' : 'no'
      // Not a list of objects after all: the bracket opens a value of its own.
      if (list === 'no') {
        held = '['
        scan.next('[', 0)
      }
    }
    if (list !== 'yes' || character !== ']') return at
    list = 'closed'
    return nextValue(text, at + 1)
  }

  return {
    push(text, emit) {
      let at = 0
      while (at < text.length) {
        if (held === '') at = nextValue(text, at)
        if (at === text.length) return
        const end = scan.next(text, at)
        if (end === -1) {
          held += text.slice(at)
          if (held.length > maxEventSize) throw tooLargeError(maxEventSize)
          return
        }
        const value = held + text.slice(at, end)
        held = ''
        at = end
        if (value.length > maxEventSize) throw tooLargeError(maxEventSize)
        emit(frameOf(value))
      }
    },
    end(emit) {
      // A list without its closing bracket was cut off as well.
      if (held === '' && list === 'yes') held = '['
      if (held !== '') emit(frameOf(held))
      held = ''
    },
  }
}
