import type { Usage } from '../chat-event.ts'
import type { SseEvent } from '../framing/sse.ts'
import {
  asArray,
  asNumber,
  asObject,
  asText,
  firstText,
  isObject,
  parseJson,
  valueAt,
  type WireObject,
} from '../wire-value.ts'
import { emitData, emitError, emitFacts, emitText } from './emit.ts'
import type { Emit, WireDecoder, WireFormat } from './format.ts'
import { DONE, isFault, isKeepalive, parsePayload } from './frames.ts'
import { readOwnFrame } from './plain-events.ts'
import {
  DONE_NAME,
  deepTextOf,
  END_MARK,
  ERROR_NAME,
  emitReason,
  hasMore,
  isEnd,
  isNotice,
  isOver,
  KEEPALIVE_NAME,
  REASONING_NAME,
  readSource,
  readWorkflowEnd,
  reasoningOf,
  reasonWordOf,
  TEXT_NAME,
  textOf,
  usageIn,
  wholeTextOf,
} from './plain-words.ts'
import { textTemplate } from './text-template.ts'
import { endCall, feedCall, inputTextOf, newCall } from './tool-calls.ts'
import { usageOf } from './usage.ts'

/**
 * The frames that tutorials and hand-written routes send: `{text}`, `{content}`, `{token}`, …, JSON
 * strings or raw text; `{error}`; an end by `[DONE]`, `{done: true}` or `event: done`. Also all that
 * `chatwire/server` writes, and what app servers send whose frames are much like these: Dify, Flowise,
 * Agno, LibreChat, Spring AI, Strands, llama.cpp, TGI, Workers AI, Replicate, watsonx and others.
 *
 * There is no fixed end marker: a body that just ends has the finish reason `'unknown'`.
 */
export const plain: WireFormat = { name: 'plain', decoder: decodePlain }

/** What a frame is, by its names and its keys. */
interface FrameKind {
  /** Its `type` or `event`. */
  name: string | undefined
  isText: boolean
  isReasoning: boolean
  /** Whether it is the end by its name. */
  isDone: boolean
  /** Whether it is the end at all. */
  ends: boolean
}

function decodePlain(): WireDecoder {
  /** What the first frame with content was: text frames are never parsed, JSON frames must be. */
  let mode: 'raw' | 'json' | undefined
  /** What there was so far: enough to tell a last frame that repeats the whole answer. */
  let opening = ''
  let textLength = 0
  const template = textTemplate()
  /** The type of the frame in which the last text came. */
  let textType: string | undefined
  /** Whether text stands deep in the frames: what is said under a usual key repeats it. */
  let isDeep = false
  /** Whether text came in pieces, which a whole message then repeats. */
  let hasPieces = false
  let callCount = 0
  let promptTokens = 0

  function emitContent(type: 'text' | 'reasoning', text: string, emit: Emit): void {
    if (text === '') return
    if (type === 'reasoning') return emit({ type, text })
    opening ||= text
    textLength += text.length
    hasPieces = true
    emit(text)
  }

  /** A frame of a stream that sends its text without JSON around it. */
  function readRaw(frame: SseEvent, emit: Emit): void {
    const { data, type } = frame
    if (ERROR_NAME.test(type)) return emitError(data, emit)
    if (data.startsWith('[ERROR]')) return emitError(data.slice('[ERROR]'.length).trim(), emit)
    if (DONE_NAME.test(type)) return emit({ type: 'complete' })
    if (REASONING_NAME.test(type)) return emitContent('reasoning', data, emit)
    // `update` is Laravel's name for all its events; LobeChat says `stop` before its last ones.
    if (TEXT_NAME.test(type) || type === 'update') return emitContent('text', data, emit)
    if (type === 'stop') return emitReason(data, emit)
    emitData(type, data, emit)
  }

  function readObject(frame: SseEvent, payload: WireObject, emit: Emit): void {
    if (readOwnFrame(payload, emit)) return
    const inner = asText(payload['type']) ?? asText(payload['event'])
    const event = frame.type === 'update' && 'delta' in payload ? 'message' : frame.type
    const names = [event, inner ?? 'message']
    const isNamed = (pattern: RegExp) => names.some((name) => pattern.test(name))
    if (KEEPALIVE_NAME.test(inner ?? '')) return

    const isDone = isNamed(DONE_NAME)
    const ends = isDone || isEnd(payload) || (textLength > 0 && isOver(payload, names))
    readFacts(payload, ends || isNamed(/^usage$/i), emit)
    if (isNamed(ERROR_NAME) || isFault(payload)) return emitError(payload, emit)
    if (isDone && asText(payload['reason']) !== undefined) emitReason(`${payload['reason']}`, emit)
    if (isNamed(/^workflow_finished$/)) readWorkflowEnd(payload['data'], emit)
    const isText = names.every((name) => TEXT_NAME.test(name))
    const kind = { name: inner, isText, isReasoning: isNamed(REASONING_NAME), isDone, ends }
    const isRead = readContent(payload, kind, emit)
    if (ends) {
      if (hasMore(payload)) emitData(inner ?? 'done', payload, emit)
      return emit({ type: 'complete' })
    }
    const isContent = isText || kind.isReasoning
    if (!isRead && !(isContent && !hasMore(payload))) emitData(inner ?? frame.type, payload, emit)
  }

  /** Reads what a frame holds of the answer. Returns whether it holds any, be it a repetition. */
  function readContent(payload: WireObject, kind: FrameKind, emit: Emit): boolean {
    const { isText, isReasoning, isDone, ends } = kind
    const reasoning = isText || isReasoning ? reasoningOf(payload) : undefined
    const deep = isText ? deepTextOf(payload) : undefined
    isDeep ||= deep !== undefined
    const near = !isDeep && (isText || isReasoning || isDone) ? textOf(payload) : undefined
    const piece = deep ?? (isDone && near === DONE ? undefined : near)
    const whole = isText && piece === undefined ? wholeTextOf(payload) : undefined
    const isPart = payload['partial'] === true
    const text = piece ?? (isPart || !hasPieces ? whole : undefined)

    emitContent('reasoning', reasoning ?? '', emit)
    if (isReasoning) emitContent('reasoning', text ?? '', emit)
    else if (text !== undefined && !repeatsAnswer(text, isDone, ends || kind.name !== textType)) {
      textType = kind.name
      emitContent('text', text, emit)
    }
    if (whole !== undefined) hasPieces = isPart
    const resources = valueAt(payload, 'metadata', 'retriever_resources')
    const sources = asArray(payload['sources'] ?? resources)
    for (const source of sources) readSource(source, emit)
    const calls = asArray('response' in payload ? payload['tool_calls'] : undefined)
    for (const call of calls) readCall(call, emit)
    return (piece ?? whole ?? reasoning) !== undefined || sources.length + calls.length > 0
  }

  /** The last frame may hold the last piece, or the whole answer once more, as may one of a new type. */
  function repeatsAnswer(text: string, isNamedDone: boolean, mayRepeat: boolean): boolean {
    if (textLength === 0) return false
    return isNamedDone || (mayRepeat && text.length === textLength && text.startsWith(opening))
  }

  /** A call of Workers AI: it is whole, and the caller's to run. */
  function readCall(value: unknown, emit: Emit): void {
    const { id, name, arguments: args } = asObject(value) ?? {}
    if (asText(name) === undefined) return
    const call = newCall(asText(id) ?? `call-${++callCount}`)
    feedCall(call, name, inputTextOf(args), emit)
    endCall(call, emit)
    emitFacts({ finishReason: 'tool-calls' }, emit)
  }

  function readFacts(payload: WireObject, isLast: boolean, emit: Emit): void {
    const about = asObject(payload['metadata'])
    const id = firstText(payload, 'message_id', 'run_id', 'id') ?? asText(about?.['id'])
    const model = firstText(payload, 'model', 'model_id') ?? asText(about?.['model'])
    emitFacts({ id, model, usage: usageIn(payload, isLast) ?? countsOf(payload) }, emit)
    const word = reasonWordOf(payload)
    if (word !== undefined) emitReason(word, emit)
  }

  /** watsonx counts the prompt in its first frame only. */
  function countsOf(payload: WireObject): Usage | undefined {
    const piece = asObject(valueAt(payload, 'results', 0))
    const outputTokens = asNumber(piece?.['generated_token_count'])
    if (piece === undefined || outputTokens === undefined) return undefined
    promptTokens ||= asNumber(piece['input_token_count']) ?? 0
    return usageOf(piece, { inputTokens: promptTokens, outputTokens })
  }

  return {
    marksEnd: () => false,
    push(frame, emit, parsed) {
      const { data, type } = frame
      const known = parsed === undefined ? template.read(frame) : undefined
      if (known !== undefined) {
        textLength += known.length
        return emit(known)
      }
      if (data === DONE) return emit({ type: 'complete' })
      const isEndWord = END_MARK.test(data) || (mode === 'json' && DONE_NAME.test(data))
      if (isEndWord || (data === '' && DONE_NAME.test(type))) return emit({ type: 'complete' })
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
        if (typeof json === 'string') {
          if (END_MARK.test(json)) return emit({ type: 'complete' })
          // Strands' own events go through JSON, but those of Python do not, and come as their text.
          if (isDeep) return emitData(type, json, emit)
          return template.learn(frame, emit, (out) => readRaw({ ...frame, data: json }, out))
        }
        if (json === undefined && !isNotice(frame)) parsePayload(frame, plain.name)
        if (json != null) return emit({ type: 'data', name: type, data: json })
      } else if (isObject(json) && (isFault(json) || isEnd(json) || isNotice(frame))) {
        return readObject(frame, json, emit)
      }
      readRaw(frame, emit)
    },
    pushText: emitText,
    end() {},
  }
}
