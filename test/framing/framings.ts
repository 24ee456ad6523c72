import { ndjson, sse } from '../helpers/encode.ts'
import { eventStream, json, jsonLines } from '../helpers/fixture.ts'

/** A way to put payloads into a body. */
export interface Framing {
  name: string
  contentType: string | undefined
  body(payloads: readonly string[]): string
}

export const text = 'text/plain; charset=utf-8'

function asDataLines(payloads: readonly string[], newline = '\n'): string {
  return payloads.map((payload) => `data: ${payload}${newline}`).join('')
}

export const eventStreams: readonly Framing[] = [
  { name: 'an event stream', contentType: eventStream, body: (all) => sse(all) },
  {
    name: 'an event stream with CRLF and a byte order mark',
    contentType: 'text/event-stream;charset=UTF-8',
    body: (all) => `\uFEFF${sse(all, { newline: '\r\n' })}`,
  },
  {
    name: 'an event stream with CR and no space',
    contentType: eventStream,
    body: (all) => sse(all, { newline: '\r', space: false }),
  },
  { name: 'an event stream labelled JSON', contentType: json, body: (all) => sse(all) },
  { name: 'an event stream labelled text', contentType: text, body: (all) => sse(all) },
  { name: 'an event stream without a label', contentType: undefined, body: (all) => sse(all) },
]

/** Read only where the payloads are objects. */
export const dataLines: readonly Framing[] = [
  {
    name: 'an event stream without blank lines',
    contentType: eventStream,
    body: (all) => asDataLines(all),
  },
  {
    name: 'the same labelled text, with CRLF',
    contentType: text,
    body: (all) => asDataLines(all, '\r\n'),
  },
  { name: 'the same without a label', contentType: undefined, body: (all) => asDataLines(all) },
]

export const lines: readonly Framing[] = [
  { name: 'lines', contentType: jsonLines, body: (all) => ndjson(all) },
  {
    name: 'lines with CRLF and a byte order mark, the last one open',
    contentType: jsonLines,
    body: (all) => `\uFEFF${ndjson(all, '\r\n')}`.trimEnd(),
  },
  { name: 'lines labelled text', contentType: text, body: (all) => ndjson(all) },
  { name: 'lines without a label', contentType: undefined, body: (all) => ndjson(all) },
]

export const values: readonly Framing[] = [
  { name: 'lines labelled JSON', contentType: json, body: (all) => ndjson(all) },
  { name: 'lines labelled an event stream', contentType: eventStream, body: (all) => ndjson(all) },
  { name: 'values without separators', contentType: json, body: (all) => all.join('') },
  {
    name: 'values without separators, labelled text',
    contentType: text,
    body: (all) => all.join(''),
  },
  {
    name: 'values without separators or a label',
    contentType: undefined,
    body: (all) => all.join(''),
  },
]

/** An array cannot hold `[DONE]`, and no server that sends one needs it. */
export const arrays: readonly Framing[] = [
  {
    name: 'an array that grows',
    contentType: json,
    body: (all) => `[${all.join('\n,\r\n')}\n]\n`,
  },
  {
    name: 'an array over many lines, with a byte order mark',
    contentType: 'application/json; charset=utf-8',
    body: (all) => `\uFEFF[\r\n  ${all.map(pretty).join(',\r\n  ')}\r\n]`,
  },
]

export function compact(payload: string): string {
  return JSON.stringify(JSON.parse(payload))
}

export function pretty(payload: string): string {
  return JSON.stringify(JSON.parse(payload), null, 2).replaceAll('\n', '\r\n  ')
}
