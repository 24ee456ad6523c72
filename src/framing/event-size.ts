/** Measures what the event that is still open holds. */
export interface EventSize {
  /**
   * Takes the next text of the stream. Returns -1, or, if the open event has become larger than the
   * limit, the index of the part of the text that made it so.
   */
  add(text: string): number
  /** An event ended somewhere in `text`, the text added last. */
  ended(text: string): void
}

const LINE_END = /[\r\n]/g
/** How many texts may wait unread, so that what they occupy stays small. */
const MAX_UNREAD = 64
/** How long all of them may be together, so that reading them takes no time that shows. */
const MAX_UNREAD_LENGTH = 256 * 1024
/** Enough of a line to tell its field, its colon and the space. */
const START_LENGTH = 7

/**
 * Follows an event stream beside eventsource-parser, whose own `maxBufferSize` misses a long line
 * that arrives whole and does not count the values of id and event (measured, 4.1.3). What counts
 * is the current line, and the values of data, event and id that the open event has so far.
 *
 * Looking at every line costs as much as parsing it. So text is set aside unread as long as all that
 * came since the last event is within the limit, and forgotten when the parser dispatches the next.
 */
export function measureEvents(maxEventSize: number): EventSize {
  /** The line that is still open: how long it is, and enough of its start to tell its field. */
  let lineLength = 0
  let lineStart = ''
  let afterCr = false
  let data = 0
  let event = 0
  let id = 0
  let unread = ''
  let unreadTexts = 0

  function endLine(): void {
    const field = /^(?:data|event|id)(?=: ?|$)/.exec(lineStart)?.[0]
    const hasSpace = field !== undefined && lineStart.startsWith(': ', field.length)
    const value = Math.max(lineLength - (field?.length ?? 0) - (hasSpace ? 2 : 1), 0)
    if (lineLength === 0) data = event = id = 0
    else if (field === 'data') data += value + (data > 0 ? 1 : 0)
    else if (field === 'event') event = value
    else if (field === 'id') id = value
    lineLength = 0
    lineStart = ''
  }

  function read(text: string): number {
    let at = 0
    const hasCr = text.includes('\r')
    while (at < text.length) {
      if (afterCr && text.startsWith('\n', at)) at++
      afterCr = false
      LINE_END.lastIndex = at
      const end = hasCr ? (LINE_END.exec(text)?.index ?? -1) : text.indexOf('\n', at)
      const stop = end === -1 ? text.length : end
      if (lineLength < START_LENGTH) lineStart += text.slice(at, Math.min(stop, at + START_LENGTH))
      lineLength += stop - at
      if (lineLength + data + event + id > maxEventSize) return at
      if (end === -1) break
      afterCr = text.startsWith('\r', end)
      endLine()
      at = end + 1
    }
    return -1
  }

  return {
    add(text) {
      const size = lineLength + data + event + id + unread.length + text.length
      if (size <= maxEventSize) {
        const isInLine = unread === '' && lineLength >= START_LENGTH
        if (isInLine && !text.includes('\n') && !text.includes('\r')) {
          // The middle of a long line: there is nothing in it but its length.
          lineLength += text.length
          return -1
        }
        if (unreadTexts++ < MAX_UNREAD && unread.length < MAX_UNREAD_LENGTH) {
          unread += text
          return -1
        }
      }
      read(unread)
      unread = ''
      unreadTexts = 0
      return read(text)
    },
    ended(text) {
      lineLength = data = event = id = 0
      lineStart = ''
      afterCr = false
      // Read from its start, should it come to that: what stands before the event's blank line may
      // be taken for something it is not, but counts for nothing after it.
      unread = text
      unreadTexts = 1
    },
  }
}
