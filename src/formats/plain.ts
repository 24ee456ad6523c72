import type { Usage } from '../chat-event.ts'
import { frameOf } from '../framing/lines.ts'
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
import { emitData, emitError, emitFacts, emitReasoning, emitText } from './emit.ts'
import type { Emit, WireDecoder, WireFormat } from './format.ts'
import { isFault, isFaultList, isKeepalive, parsePayload } from './frames.ts'
import { readOwnFrame } from './plain-events.ts'
import {
  bodyOf,
  DONE_NAME,
  END_MARK,
  ERROR_NAME,
  emitReason,
  hasMore,
  holdersOf,
  isEnd,
  isFailure,
  isOver,
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
import { inputTextOf } from './tool-calls.ts'
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
  /** The objects in which it says something. */
  holders: readonly WireObject[]
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
  /** Whether text came in pieces, which a whole message then repeats. */
  let hasPieces = false
  /** Whether the text comes in the model's own events: other frames of Strands repeat it. */
  let hasModelEvents = false
  let callCount = 0
  let promptTokens = 0

  function say(text: string, emit: Emit): void {
    if (text === '') return
    opening ||= text
    textLength += text.length
    hasPieces = true
    emit(text)
  }

  /** A frame of a stream that sends its text without JSON around it. */
  function readRaw(frame: SseEvent, emit: Emit): void {
    const { data, type } = frame
    if (isFailure(frame)) return emitError(data.replace('[ERROR]', '').trim(), emit)
    if (DONE_NAME.test(type)) return emit({ type: 'complete' })
    if (REASONING_NAME.test(type)) return emitReasoning(data, emit)
    // `update` is Laravel's name for all its events; LobeChat says `stop` before its last ones.
    if (TEXT_NAME.test(type) || type === 'update') return say(data, emit)
    if (type === 'stop') return emitReason(data, emit)
    emitData(type, data, emit)
  }

  function readObject(frame: SseEvent, payload: WireObject, emit: Emit): void {
    if (readOwnFrame(payload, emit)) return
    const name = firstText(payload, 'type', 'event')
    if (name !== undefined && isKeepalive(frameOf(name))) return
    const event = frame.type === 'update' && 'delta' in payload ? 'message' : frame.type
    const names = [event, name ?? 'message']
    const isNamed = (pattern: RegExp) => names.some((name) => pattern.test(name))

    const isDone = isNamed(DONE_NAME)
    const ends = isDone || isEnd(payload) || (textLength > 0 && isOver(payload, names))
    const body = bodyOf(payload)
    const holders = holdersOf(body)
    readFacts(payload, usageIn(body, ends || isNamed(/^usage$/i)), emit)
    emitReason(reasonWordOf(holders), emit)
    if (isNamed(ERROR_NAME) || isFault(payload)) return emitError(payload, emit)
    if (isDone) emitReason(payload['reason'], emit)
    if (name === 'workflow_finished') readWorkflowEnd(payload['data'], emit)
    const isText = names.every((name) => TEXT_NAME.test(name))
    const isReasoning = isNamed(REASONING_NAME)
    const kind = { name, holders, isText, isReasoning, isDone, ends }
    const isRead = readContent(payload, kind, emit)
    const isEmpty = (isText || isReasoning || ends) && !hasMore(payload)
    if (!isEmpty && (ends || !isRead)) emitData(name ?? (ends ? 'done' : frame.type), payload, emit)
    if (ends) emit({ type: 'complete' })
  }

  /** Reads what a frame holds of the answer. Returns whether it holds any, be it a repetition. */
  function readContent(payload: WireObject, kind: FrameKind, emit: Emit): boolean {
    const { name, holders, isText, isReasoning, isDone } = kind
    const isModelEvent = holders[0]?.['contentBlockDelta'] !== undefined
    hasModelEvents ||= isModelEvent
    const mayHoldText = (isText || isReasoning || isDone) && isModelEvent === hasModelEvents
    const reasoning = isText || isReasoning ? reasoningOf(holders) : undefined
    const piece = mayHoldText ? textOf(holders) : undefined
    const whole = isText && piece === undefined ? wholeTextOf(payload) : undefined
    const isPart = payload['partial'] === true
    const text = piece ?? (isPart || !hasPieces ? whole : undefined)

    emitReasoning(reasoning, emit)
    if (isReasoning) emitReasoning(text, emit)
    else if (text !== undefined && !repeatsAnswer(text, kind)) {
      textType = name
      say(text, emit)
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
  function repeatsAnswer(text: string, { name, isDone, ends }: FrameKind): boolean {
    if (textLength === 0) return isDone && END_MARK.test(text)
    const mayRepeat = ends || name !== textType
    return isDone || (mayRepeat && text.length === textLength && text.startsWith(opening))
  }

  /** A call of Workers AI: it is whole, and the caller's to run. */
  function readCall(value: unknown, emit: Emit): void {
    const call = asObject(value)
    const name = asText(call?.['name'])
    if (name === undefined) return
    const id = asText(call?.['id']) ?? `call-${++callCount}`
    const inputText = inputTextOf(call?.['arguments'])
    for (const delta of ['', inputText]) emit({ type: 'tool-call-delta', id, name, delta })
    emit({ type: 'tool-call', id, name, input: parseJson(inputText || '{}'), inputText })
    emitFacts({ finishReason: 'tool-calls' }, emit)
  }

  function readFacts(payload: WireObject, usage: Usage | undefined, emit: Emit): void {
    const about = asObject(payload['metadata'])
    const id = firstText(payload, 'message_id', 'run_id', 'id') ?? asText(about?.['id'])
    const model = firstText(payload, 'model', 'model_id') ?? asText(about?.['model'])
    emitFacts({ id, model, usage: usage ?? countsOf(payload) }, emit)
  }

  /** The counts of llama.cpp and of watsonx, which counts the prompt in its first frame only. */
  function countsOf(payload: WireObject): Usage | undefined {
    const counted = asObject(valueAt(payload, 'results', 0)) ?? payload
    const outputTokens = asNumber(counted['generated_token_count'] ?? counted['tokens_predicted'])
    if (outputTokens === undefined) return undefined
    promptTokens ||= asNumber(counted['input_token_count'] ?? counted['tokens_evaluated']) ?? 0
    return usageOf(counted, { inputTokens: promptTokens, outputTokens })
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
      const isEndWord = END_MARK.test(data) || (mode === 'json' && DONE_NAME.test(data))
      if (isEndWord || (data === '' && DONE_NAME.test(type))) return emit({ type: 'complete' })
      // In a stream of raw text a token may well read "ping".
      if (mode === 'raw' ? data === '' : isKeepalive(frame)) return
      // In raw text JSON is text, unless it is an object that says the stream failed or ended.
      const isText = mode === 'raw' && data.charAt(0) !== '{'
      const json = isText ? undefined : (parsed ?? parseJson(data))
      // A name says enough without data that can be read; nothing else is said by `null`.
      const isNamed = isFailure(frame) || DONE_NAME.test(type)
      if (json === null && !isNamed) return
      const isBroken = json === undefined && (mode === 'json' || /^\{\s*"/.test(data))
      if (isBroken && !isNamed && mode !== 'raw') parsePayload(frame, plain.name)
      if (!isNamed) mode ??= typeof json === 'object' || typeof json === 'string' ? 'json' : 'raw'
      if (isObject(json) && (mode === 'json' || isFault(json) || isEnd(json) || isNamed)) {
        return template.learn(frame, emit, (out) => readObject(frame, json, out))
      }
      if (mode !== 'json' || json == null) return readRaw(frame, emit)
      if (isFaultList(json)) return emitError(json, emit)
      if (typeof json !== 'string') return emitData(type, json, emit)
      // FastAPI encodes every payload as JSON, the end marker too.
      if (END_MARK.test(json)) return emit({ type: 'complete' })
      // Strands' own events go through JSON, but those of Python do not, and come as their text.
      if (hasModelEvents) return emitData(type, json, emit)
      template.learn(frame, emit, (out) => readRaw({ ...frame, data: json }, out))
    },
    pushText: emitText,
    end() {},
  }
}
