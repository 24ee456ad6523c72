/** Writers of wire bodies for fixtures. They are as plain as can be, so that a row shows its bytes. */

export interface FrameOptions {
  /** The line ending; LF unless given. */
  newline?: '\n' | '\r\n' | '\r'
  /** The event field: a name, or a function of the payload. No field if it gives `undefined`. */
  event?: string | ((payload: unknown) => string | undefined)
  id?: string
  /** Whether a space follows each colon; yes unless `false`. */
  space?: boolean
  /** Spaces put before the last brace of a JSON payload, as Anthropic does. */
  padding?: number
  /** Writes the data field before the event and id fields. */
  dataFirst?: boolean
}

/** The text of a payload: strings go as they stand, everything else as JSON. */
function payloadText(payload: unknown, padding = 0): string {
  if (typeof payload === 'string') return payload
  const json = JSON.stringify(payload)
  return padding > 0 ? json.replace(/\}$/, `${' '.repeat(padding)}}`) : json
}

/** One event of an event stream, blank line included. A payload with line feeds takes more lines. */
export function frame(payload: unknown, options: FrameOptions = {}): string {
  const { newline = '\n', event, id, space = true, padding, dataFirst = false } = options
  const field = (name: string, value: string): string =>
    `${name}:${space ? ' ' : ''}${value}${newline}`
  const name = typeof event === 'function' ? event(payload) : event
  const data = payloadText(payload, padding)
    .split('\n')
    .map((line) => field('data', line))
    .join('')
  const head =
    (name === undefined ? '' : field('event', name)) + (id === undefined ? '' : field('id', id))
  return (dataFirst ? data + head : head + data) + newline
}

/** An event stream with one event for each payload. */
export function sse(payloads: readonly unknown[], options: FrameOptions = {}): string {
  return payloads.map((payload) => frame(payload, options)).join('')
}

/** A comment that stands alone, as servers send it to keep the connection open. */
export function comment(text: string, newline: '\n' | '\r\n' | '\r' = '\n'): string {
  return `:${text}${newline}${newline}`
}

/** One line of JSON for each payload. */
export function ndjson(payloads: readonly unknown[], newline: '\n' | '\r\n' = '\n'): string {
  return payloads.map((payload) => payloadText(payload) + newline).join('')
}

/** The `type` of a payload, for servers that repeat it as the name of the event. */
export function typeOf(payload: unknown): string | undefined {
  if (typeof payload !== 'object' || payload === null || !('type' in payload)) return undefined
  return String(payload.type)
}

const encoder = new TextEncoder()

export function utf8(text: string): Uint8Array {
  return encoder.encode(text)
}

/** Joins byte sequences and texts into one byte sequence. */
export function bytes(...parts: (string | readonly number[] | Uint8Array)[]): Uint8Array {
  const all = parts.map((part) => (typeof part === 'string' ? utf8(part) : Uint8Array.from(part)))
  const joined = new Uint8Array(all.reduce((length, part) => length + part.length, 0))
  let offset = 0
  for (const part of all) {
    joined.set(part, offset)
    offset += part.length
  }
  return joined
}
