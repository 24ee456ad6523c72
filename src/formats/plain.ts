import type { SseEvent } from '../framing/sse.ts'
import {
  asArray,
  asObject,
  asText,
  firstText,
  isObject,
  parseJson,
  valueAt,
  type WireObject,
} from '../wire-value.ts'
import { emitData, emitError, emitFacts, emitSource, emitText } from './emit.ts'
import type { Emit, WireDecoder, WireFormat } from './format.ts'
import { DONE, finishReasonOf, isFault, isKeepalive, parsePayload } from './frames.ts'
import { readOwnFrame } from './plain-events.ts'
import { textTemplate } from './text-template.ts'
import { readUsage } from './usage.ts'

/**
 * The frames that tutorials and hand-written routes send: `{text}`, `{content}`, `{token}`, …, JSON
 * strings or raw text; `{error}`; an end by `[DONE]`, `{done: true}` or `event: done`. Also all that
 * `chatwire/server` writes, and the variants of Dify, llama.cpp, TGI, Workers AI, Replicate, watsonx.
 *
 * There is no fixed end marker: a body that just ends has the finish reason `'unknown'`.
 */
export const plain: WireFormat = { name: 'plain', decoder: decodePlain }

/** Names, of SSE events or in `type`, that a frame with text has, if it has one. */
const TEXT_NAME =
  /^(?:message|text|token|content|chunk|delta|answer|response|output|data|completion|stream|partial|assistant|ai|(?:text|content|message|output_text)[-_.]?delta|text_chunk|agent_message|output_text)$/i
const REASONING_NAME = /^(?:reasoning|thinking|thought)(?:[-_.]?(?:delta|content|text))?$/i
const DONE_NAME =
  /^(?:done|end|ended|complete|completed|finish|finished|(?:message|stream)[-_.]?end)$/i
const ERROR_NAME = /^(?:error|exception)$/i

/** Where the text stands, in this order. */
const TEXT_KEYS = [
  'text',
  'content',
  'delta',
  'token',
  'chunk',
  'message',
  'response',
  'answer',
  'data',
  'output',
]
const REASONING_KEYS = ['reasoning', 'reasoning_content', 'thinking']
const REASON_KEYS = ['finishReason', 'finish_reason', 'stop_reason', 'done_reason', 'stop_type']
const DONE_KEYS = [
  'done',
  'finished',
  'is_final',
  'isFinal',
  'complete',
  'completed',
  'isComplete',
  'isCompleted',
]

/** What the keys of a frame are that says no more than "the end". */
const END_KEY =
  /^(?:type|event|id|model|usage|tokens_used|timestamp|finish_?reason|stop_?reason|stop|metadata)$/i

function decodePlain(): WireDecoder {
  /** What the first frame with content was: text frames are never parsed, JSON frames must be. */
  let mode: 'raw' | 'json' | undefined
  /** What there was so far: enough to tell a last frame that repeats the whole answer. */
  let opening = ''
  let textLength = 0
  const template = textTemplate()

  function emitContent(type: 'text' | 'reasoning', text: string, emit: Emit): void {
    if (text === '') return
    if (type === 'reasoning') return emit({ type, text })
    opening ||= text
    textLength += text.length
    emit(text)
  }

  /** A frame of a stream that sends its text without JSON around it. */
  function readRaw(frame: SseEvent, emit: Emit): void {
    const { data, type } = frame
    if (ERROR_NAME.test(type)) return emitError(data, emit)
    if (data.startsWith('[ERROR]')) return emitError(data.slice('[ERROR]'.length).trim(), emit)
    if (DONE_NAME.test(type)) return emit({ type: 'complete' })
    if (TEXT_NAME.test(type)) return emitContent('text', data, emit)
    emitData(type, data, emit)
  }

  function readObject(frame: SseEvent, payload: WireObject, emit: Emit): void {
    if (readOwnFrame(payload, emit)) return
    const inner = asText(payload['type']) ?? asText(payload['event'])
    const names = [frame.type, inner ?? 'message']
    const isNamed = (pattern: RegExp) => names.some((name) => pattern.test(name))

    readFacts(payload, emit)
    if (isNamed(ERROR_NAME) || isFault(payload)) return emitError(payload, emit)
    const isDone = isNamed(DONE_NAME)
    const isText = names.every((name) => TEXT_NAME.test(name))
    const isReasoning = isNamed(REASONING_NAME)
    const reasoning = isText || isReasoning ? firstText(payload, ...REASONING_KEYS) : undefined
    const text = isText || isReasoning || isDone ? textOf(payload) : undefined
    const sources = asArray(payload['sources'])

    emitContent('reasoning', reasoning ?? '', emit)
    const ends = isDone || isEnd(payload)
    if (text !== undefined && !repeatsAnswer(text, isDone, ends)) {
      emitContent(isReasoning ? 'reasoning' : 'text', text, emit)
    }
    for (const source of sources) readSource(source, emit)
    if (ends) {
      if (hasMore(payload)) emitData(inner ?? 'done', payload, emit)
      return emit({ type: 'complete' })
    }
    const isRead = text !== undefined || reasoning !== undefined || sources.length > 0
    if (isRead || ((isText || isReasoning) && !hasMore(payload))) return
    emitData(inner ?? frame.type, payload, emit)
  }

  /** The last frame may hold the last piece, or the whole answer once more. */
  function repeatsAnswer(text: string, isNamedDone: boolean, ends: boolean): boolean {
    if (textLength === 0) return false
    return isNamedDone || (ends && text.length === textLength && text.startsWith(opening))
  }

  function readFacts(payload: WireObject, emit: Emit): void {
    const id = firstText(payload, 'message_id', 'id')
    const model = asText(payload['model'])
    const usage = readUsage(payload['usage'] ?? valueAt(payload, 'metadata', 'usage'))
    emitFacts({ id, model, usage }, emit)
    const reason =
      firstText(payload, ...REASON_KEYS) ??
      (payload['stopped_limit'] === true ? 'limit' : undefined) ??
      asText(valueAt(payload, 'details', 'finish_reason')) ??
      asText(valueAt(payload, 'results', 0, 'stop_reason'))
    if (reason === undefined || /^not[-_]finished$/i.test(reason)) return
    emitFacts({ finishReason: finishReasonOf(reason), rawFinishReason: reason }, emit)
  }

  return {
    marksEnd: () => false,
    push(frame, emit, parsed) {
      const { data, type } = frame
      const known = parsed === undefined ? template.read(frame) : undefined
      if (known !== undefined) return emitContent('text', known, emit)
      if (data === DONE) return emit({ type: 'complete' })
      if (data === '' && DONE_NAME.test(type)) return emit({ type: 'complete' })
      // In a stream of raw text a token may well read "ping".
      if (mode === 'raw' ? data === '' : isKeepalive(frame)) return
      // In raw text JSON is text, unless it is an object that says the stream failed or ended.
      const isText = mode === 'raw' && data.charAt(0) !== '{'
      const json = isText ? undefined : (parsed ?? parseJson(data))
      // Nothing, as JSON says it.
      if (json === null && !isNotice(frame)) return
      if (mode === undefined) {
        const isJson = isObject(json) || Array.isArray(json) || typeof json === 'string'
        if (json === undefined && /^\{\s*"/.test(data)) parsePayload(frame, plain.name)
        if (!isNotice(frame)) mode = isJson ? 'json' : 'raw'
      }
      if (mode === 'json') {
        if (isObject(json)) {
          return template.learn(frame, emit, (out) => readObject(frame, json, out))
        }
        // FastAPI encodes every payload as JSON, the end marker too.
        if (json === DONE) return emit({ type: 'complete' })
        if (typeof json === 'string') return readRaw({ ...frame, data: json }, emit)
        if (json === undefined && !isNotice(frame)) parsePayload(frame, plain.name)
        if (json != null) return emit({ type: 'data', name: type, data: json })
      } else if (isObject(json) && (isFault(json) || isEnd(json) || ERROR_NAME.test(type))) {
        return readObject(frame, json, emit)
      }
      readRaw(frame, emit)
    },
    pushText: emitText,
    end() {},
  }
}

/** Whether a frame is an error or an end by its name, whatever its data are. */
function isNotice({ type, data }: SseEvent): boolean {
  return ERROR_NAME.test(type) || DONE_NAME.test(type) || data.startsWith('[ERROR]')
}

function isEnd(payload: WireObject): boolean {
  if (DONE_KEYS.some((key) => payload[key] === true)) return true
  // llama.cpp says `stop: true`; TGI repeats the text in its last frame, which is null before.
  if (payload['stop'] === true && typeof payload['content'] === 'string') return true
  return isObject(payload['token']) && typeof payload['generated_text'] === 'string'
}

function textOf(payload: WireObject): string | undefined {
  const direct = firstText(payload, ...TEXT_KEYS)
  if (direct !== undefined) return direct
  for (const key of TEXT_KEYS) {
    const inner = asObject(payload[key])
    if (inner === undefined || inner['special'] === true) continue
    const text = firstText(inner, 'content', 'text')
    if (text !== undefined) return text
  }
  return asText(valueAt(payload, 'results', 0, 'generated_text'))
}

/** Whether a frame says anything beside text, its end and its token counts. */
function hasMore(payload: WireObject): boolean {
  return Object.keys(payload).some(
    (key) =>
      (!END_KEY.test(key) || (key === 'event' && isObject(payload[key]))) &&
      !TEXT_KEYS.includes(key) &&
      !REASONING_KEYS.includes(key) &&
      !DONE_KEYS.includes(key),
  )
}

function readSource(raw: unknown, emit: Emit): void {
  const source = typeof raw === 'string' ? { url: raw } : asObject(raw)
  const url = firstText(source, 'url', 'uri', 'link')
  emitSource({ url, title: firstText(source, 'title', 'name') }, raw, emit)
}
