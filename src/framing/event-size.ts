/** Measures what the event that is still open holds. */
export interface EventSize {
  /**
   * Takes the next text of the stream. Returns -1, or, if the open event has become larger than the
   * limit, the index of the part of the text that made it so.
   */
  add(text: string): number
}

const LINE_END = /[\r\n]/g

/**
 * Follows an event stream beside eventsource-parser, whose own `maxBufferSize` misses a long line
 * that arrives whole and does not count the values of id and event (measured, 4.1.3). What counts
 * is the current line, and the values of data, event and id that the open event has so far.
 */
export function measureEvents(maxEventSize: number): EventSize {
  /** The line that is still open: how long it is, and enough of its start to tell its field. */
  let lineLength = 0
  let lineStart = ''
  let afterCr = false
  let data = 0
  let event = 0
  let id = 0

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

  return {
    add(text) {
      let at = 0
      const hasCr = text.includes('\r')
      const isHarmless = lineLength + data + event + id + text.length <= maxEventSize
      if (isHarmless && !hasCr && text.includes('\n')) {
        // No event in here can be too large, so only the one that stays open need be looked at.
        const lastBlank = text.lastIndexOf('\n\n')
        if (lastBlank !== -1) {
          at = lastBlank + 2
          lineLength = data = event = id = 0
          lineStart = ''
          afterCr = false
        }
      }
      while (at < text.length) {
        if (afterCr && text.startsWith('\n', at)) at++
        afterCr = false
        LINE_END.lastIndex = at
        const end = hasCr ? (LINE_END.exec(text)?.index ?? -1) : text.indexOf('\n', at)
        const stop = end === -1 ? text.length : end
        if (lineLength < 7) lineStart += text.slice(at, Math.min(stop, at + 7))
        lineLength += stop - at
        if (lineLength + data + event + id > maxEventSize) return at
        if (end === -1) break
        afterCr = text.startsWith('\r', end)
        endLine()
        at = end + 1
      }
      return -1
    },
  }
}
