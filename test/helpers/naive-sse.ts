/**
 * The oracle for event streams: a slow transcription of the steps in the HTML standard, "Parsing
 * an event stream" and "Interpreting an event stream", over a whole body at once.
 * https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 *
 * It knows nothing of chunks and shares nothing with the code under test.
 */

export interface NaiveEvent {
  type: string
  data: string
  lastEventId: string
}

export interface NaiveResult {
  events: NaiveEvent[]
  /** The digits of every valid reconnection time, as they came. */
  retries: string[]
  /** How many comment lines there were. */
  comments: number
}

export interface NaiveOptions {
  /** Treats the end of the body as the blank line that finishes the last event. */
  lenientEnd?: boolean
}

export function interpret(body: Uint8Array, options: NaiveOptions = {}): NaiveResult {
  // "Streams must be decoded using the UTF-8 decode algorithm", which strips one leading BOM.
  const decoded = new TextDecoder('utf-8', { ignoreBOM: true }).decode(body)
  const stripped = decoded.startsWith('\uFEFF') ? decoded.slice(1) : decoded
  const text = options.lenientEnd ? `${stripped}\n\n` : stripped

  // Lines end with CRLF, LF or CR. What follows the last line ending is not a line yet, and
  // "once the end of the file is reached, any pending data must be discarded".
  const lines = text.split(/\r\n|\n|\r/).slice(0, -1)

  const result: NaiveResult = { events: [], retries: [], comments: 0 }
  let data = ''
  let eventType = ''
  let lastEventId = ''

  const processField = (name: string, value: string): void => {
    if (name === 'event') eventType = value
    else if (name === 'data') data += `${value}\n`
    else if (name === 'id') {
      if (!value.includes('\0')) lastEventId = value
    } else if (name === 'retry') {
      if (/^[0-9]+$/.test(value)) result.retries.push(value)
    }
  }

  const dispatch = (): void => {
    if (data === '') {
      eventType = ''
      return
    }
    result.events.push({
      type: eventType === '' ? 'message' : eventType,
      data: data.endsWith('\n') ? data.slice(0, -1) : data,
      lastEventId,
    })
    data = ''
    eventType = ''
  }

  for (const line of lines) {
    const colon = line.indexOf(':')
    if (line === '') dispatch()
    else if (colon === 0) result.comments += 1
    else if (colon > 0) {
      const value = line.slice(colon + 1)
      processField(line.slice(0, colon), value.startsWith(' ') ? value.slice(1) : value)
    } else processField(line, '')
  }
  return result
}
