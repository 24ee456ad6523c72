const CR = 13
const LF = 10
const SPACE = 32
const COLON = 58
/** How long the name of an event without data may be to be reported. */
const MAX_NAME_LENGTH = 48
/** How much of a line that spans chunks is kept: its field and the longest name. */
const HEAD_LENGTH = 'event: '.length + MAX_NAME_LENGTH

/** What {@link EventScan.next} stopped at. */
export type Finding =
  /** The unfinished event holds more than the limit. */
  | { type: 'too-large' }
  /** A blank line ended an event that has a name but no data: `event: end`. */
  | { type: 'no-data'; name: string }

export interface EventScan {
  /**
   * Looks at the lines of `text` from `from` on. Returns where it stopped: at the end of the text,
   * or, with `finding` set, at a place up to which the parser has to be fed before anything else.
   */
  next(text: string, from: number): number
  finding: Finding | undefined
}

/**
 * Follows an event stream beside eventsource-parser for the two things the parser does not tell.
 *
 * 1. How much an unfinished event holds: its current line plus the values of data, event and id
 *    so far. The parser's own `maxBufferSize` misses a long line that arrives whole, and does not
 *    count the values of id and event (measured, 4.1.3).
 * 2. Events without data, which the spec does not dispatch, though `event: end` closes some chats.
 */
export function scanEvents(maxEventSize: number): EventScan {
  let lineLength = 0
  /** The start of a line that began in an earlier chunk. */
  let head = ''
  let afterCr = false
  let dataLines = 0
  let dataLength = 0
  let idLength = 0
  let eventLength = 0
  let eventName = ''

  function endLine(text: string, start: number): void {
    if (lineLength === 0) {
      if (dataLines === 0 && eventLength > 0 && eventLength <= MAX_NAME_LENGTH) {
        scan.finding = { type: 'no-data', name: eventName }
      }
      dataLines = dataLength = idLength = eventLength = 0
      return
    }
    switch (text.charCodeAt(start)) {
      case 100: {
        const value = valueStart(text, start, 'data')
        if (value === undefined) return
        dataLength += lineLength - value + (dataLines++ === 0 ? 0 : 1)
        return
      }
      case 101: {
        const value = valueStart(text, start, 'event')
        if (value === undefined) return
        eventLength = lineLength - value
        eventName = text.slice(start + value, start + lineLength)
        return
      }
      case 105: {
        const value = valueStart(text, start, 'id')
        if (value !== undefined) idLength = lineLength - value
      }
    }
  }

  /** Where the value begins in a line of the given field, from the line's start. */
  function valueStart(text: string, start: number, field: string): number | undefined {
    if (!text.startsWith(field, start)) return undefined
    if (lineLength === field.length) return lineLength
    const colon = start + field.length
    if (text.charCodeAt(colon) !== COLON) return undefined
    const hasSpace = lineLength > field.length + 1 && text.charCodeAt(colon + 1) === SPACE
    return field.length + (hasSpace ? 2 : 1)
  }

  const lineEnd = /[\r\n]/g

  const scan: EventScan = {
    finding: undefined,
    next(text, from) {
      let at = from
      const hasCr = text.indexOf('\r', from) !== -1
      scan.finding = undefined
      while (at < text.length) {
        if (afterCr) {
          afterCr = false
          if (text.charCodeAt(at) === LF && ++at === text.length) break
        }
        const end = hasCr ? search(lineEnd, text, at) : text.indexOf('\n', at)
        const stop = end === -1 ? text.length : end
        const spansChunks = lineLength > 0 || end === -1
        if (spansChunks && head.length < HEAD_LENGTH) {
          head += text.slice(at, Math.min(stop, at + HEAD_LENGTH - head.length))
        }
        lineLength += stop - at
        if (lineLength + dataLength + eventLength + idLength > maxEventSize) {
          scan.finding = { type: 'too-large' }
          return at
        }
        if (end === -1) break
        if (spansChunks) endLine(head, 0)
        else endLine(text, at)
        head = ''
        lineLength = 0
        afterCr = text.charCodeAt(end) === CR
        at = end + 1
        if (scan.finding !== undefined) return at
      }
      return text.length
    },
  }
  return scan
}

/** `indexOf` for a pattern: stays linear where one of two terminators is missing from the text. */
function search(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from
  return pattern.test(text) ? pattern.lastIndex - 1 : -1
}
