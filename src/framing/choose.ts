import { parseJson } from '../wire-value.ts'

/** What a Content-Type says about the framing. `none`: there is no such header. */
export type BodyKind = 'event-stream' | 'json' | 'json-lines' | 'text' | 'html' | 'other' | 'none'

/** The way a body is cut into frames; `unexpected` if it is nothing a chat server streams. */
export type Framing = 'sse' | 'data-lines' | 'lines' | 'json' | 'text' | 'unexpected'

/** Reads a Content-Type by its essence: parameters and case do not count. */
export function bodyKind(contentType: string | null): BodyKind {
  const essence = (contentType ?? '').split(/[;,]/, 1)[0]?.trim().toLowerCase() ?? ''
  if (essence === '') return 'none'
  if (essence === 'text/event-stream') return 'event-stream'
  if (essence === 'text/html' || essence === 'application/xhtml+xml') return 'html'
  if (/^application\/(x-ndjson|ndjson|jsonl|x-jsonlines|json-seq|stream\+json)$/.test(essence)) {
    return 'json-lines'
  }
  if (essence === 'application/json' || essence.endsWith('+json')) return 'json'
  return essence.startsWith('text/') && essence !== 'text/xml' ? 'text' : 'other'
}

/** How much of a body's start is looked at, in UTF-16 code units. */
const MAX_LOOK = 4096

/**
 * Chooses the framing of a body from its kind and its first characters.
 *
 * The characters weigh more than the header, because servers mislabel: event streams come as
 * text/plain or application/json. Only where text is expected does text win, unless the first
 * characters leave no doubt.
 *
 * @param start - The body as far as it came.
 * @param final - Whether nothing more comes.
 * @param takesText - Whether the format can be bare text.
 * @returns `undefined` if more characters are needed.
 */
export function chooseFraming(
  kind: BodyKind,
  start: string,
  final: boolean,
  takesText: boolean,
): Framing | undefined {
  const byKind = FRAMINGS[kind]
  const fallback = byKind === 'text' && !takesText ? 'unexpected' : byKind
  const mustChoose = final || start.length >= MAX_LOOK
  const body = start.slice(0, MAX_LOOK).trimStart()
  if (body === '') return mustChoose ? fallback : undefined
  const mayBeText = fallback === 'text'
  const look = (answer: boolean | undefined, framing: Framing): Framing | undefined => {
    if (answer === undefined && !mustChoose) return undefined
    return answer ? framing : fallback
  }

  if (body.startsWith('<')) return mayBeText ? 'text' : 'unexpected'
  if (/^[{[]/.test(body)) {
    if (mayBeText) return look(startsKnownObject(body), 'json')
    return kind === 'json-lines' ? 'lines' : 'json'
  }
  if (!mayBeText && /^(?:(?:data|event|id|retry)\b)?:/.test(body)) {
    return eventFraming(body, mustChoose)
  }
  const isV1 = startsDataStreamV1(body)
  if (isV1 || (isV1 === undefined && !mustChoose)) return isV1 ? 'lines' : undefined
  if (isV1 === undefined && !takesText) return 'lines'
  if (kind === 'event-stream') {
    const isText = takesText && startsBareText(body, mustChoose)
    if (isText !== false) return isText && 'text'
    return eventFraming(body, mustChoose)
  }
  const isEvents = startsEventStream(body)
  return isEvents ? eventFraming(body, mustChoose) : look(isEvents, 'sse')
}

function eventFraming(body: string, mustChoose: boolean): Framing | undefined {
  const isLines = lacksBlankLines(body)
  if (isLines === undefined && !mustChoose) return undefined
  return isLines ? 'data-lines' : 'sse'
}

/** How an event begins whose data are an object. */
const OBJECTS = ['data: {', 'data:{']

/**
 * Whether the first event goes on with the data of another one, for want of a blank line: two
 * objects, which together are no JSON.
 */
function lacksBlankLines(body: string): boolean | undefined {
  const line = /^data: ?(\{[^\r\n]*)(?:\r?\n|\r$)?/.exec(body)
  if (line === null) return isStartOf(OBJECTS, body)
  const next = body.slice(line[0].length)
  const starts = [...OBJECTS, 'data: [DONE]', 'data:[DONE]']
  if (isStartOf(starts, next) === undefined) return undefined
  return starts.some((start) => next.startsWith(start)) && parseJson(line[1] ?? '') !== undefined
}

/** The framing of a body whose characters say nothing else. */
const FRAMINGS: Record<BodyKind, Framing> = {
  'event-stream': 'sse',
  'json-lines': 'lines',
  json: 'json',
  text: 'text',
  none: 'text',
  html: 'unexpected',
  other: 'unexpected',
}

/** Whether a body is the AI SDK's data stream v1: a code of one character, a colon, JSON, a line. */
function startsDataStreamV1(body: string): boolean | undefined {
  const line = /^[0-9a-k]:([^\r\n]*)([\r\n])?/.exec(body)
  if (line === null) return /^[0-9a-k]$/.test(body) ? undefined : false
  const [, json = '', end] = line
  if (json !== '' && !/^["{[]/.test(json)) return false
  return end === undefined ? undefined : parseJson(json) !== undefined
}

/** The fields that the spec knows. */
const FIELDS = ['data', 'event', 'id', 'retry']

/** What no text has, but what is compressed: control characters, and bytes that are no UTF-8. */
const NO_TEXT = /[^\P{Cc}\t\n\r]|\ufffd/u

/** How many characters are looked at for that; the first may well look like text. */
const MIN_LOOK = 4

/** A line that belongs to an event stream, or the end of a block that has none. */
const FIELD_OR_BLANK = /^(?:(?:data|event|id|retry)[:\r\n]|error: ?\{|:)|\n\r?\n|\r\r/m

/**
 * Whether a body that calls itself an event stream is bare text: many routes label so what they
 * write without frames. The name of a field is followed by a colon or by the end of its line. What
 * comes later than what decides is not looked at: it might as well not have arrived yet.
 */
function startsBareText(body: string, final: boolean): boolean | undefined {
  const name = /^[\w-]*/.exec(body)?.[0] ?? ''
  const next = body[name.length]
  // A word alone, unless it may be the start of a field's name.
  if (next === undefined) {
    return final ? isStartOf(FIELDS, name) === false : undefined
  }
  if (body.length < MIN_LOOK && !final) return undefined
  if (NO_TEXT.test(body.slice(0, Math.max(name.length + 1, MIN_LOOK)))) return false
  if (!/[:\r\n]/.test(next)) return true
  // A field that the spec does not know, or a word of the text.
  const sign = FIELD_OR_BLANK.exec(body)?.[0]
  if (sign !== undefined) return /^[\r\n]/.test(sign)
  return final ? body.includes(' ') : undefined
}

/**
 * Whether a body that may be plain text starts like an event stream. One `data:` is enough; a comment
 * or another field must be followed by a field or a comment.
 */
function startsEventStream(body: string): boolean | undefined {
  if (body.startsWith('data:')) return true
  const line = /^(?:event|id|retry)?:[^\r\n]*(?:[\r\n]+(.*))?/s.exec(body)
  if (line === null) return isStartOf(['data:', 'event:', 'id:', 'retry:'], body)
  const next = line[1]
  if (next === undefined || next === '') return undefined
  if (/^(?:(?:data|event|id|retry)[:\r\n]|:)/.test(next)) return true
  return isStartOf(FIELDS, next)
}

function isStartOf(words: string[], text: string): false | undefined {
  return words.some((word) => word.startsWith(text)) ? undefined : false
}

/** Names of the first key of a frame, in the formats that come as bare JSON. */
const FIRST_KEYS =
  /^(?:id|object|created|created_at|model|choices|type|event|event_type|candidates|usageMetadata|promptFeedback|modelVersion|responseId|message|text|content|token|delta|chunk|response|answer|data|output|done|error|detail|jsonrpc|reasoning|provider|p|is_finished|finish_reason)$/

/**
 * Whether `{…`, or a list of such objects, is frames and not an answer that happens to be JSON: its
 * first key tells.
 */
function startsKnownObject(body: string): boolean | undefined {
  const object = body.replace(/^\[\s*/, '')
  if (object === '') return undefined
  const key = /^\{\s*(?:"((?:[^"\\]){0,40})(")?)?/.exec(object)
  if (key?.[2] !== undefined) return FIRST_KEYS.test(key[1] ?? '')
  return key?.[0].length === object.length ? undefined : false
}
