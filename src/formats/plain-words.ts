import type { Usage } from '../chat-event.ts'
import type { SseEvent } from '../framing/sse.ts'
import {
  asArray,
  asNumber,
  asObject,
  asText,
  firstText,
  isObject,
  valueAt,
  type WireObject,
} from '../wire-value.ts'
import { emitError, emitFacts, emitSource } from './emit.ts'
import type { Emit } from './format.ts'
import { finishReasonOf } from './frames.ts'
import { readUsage, usageOf } from './usage.ts'

/** The words of hand-written frames, and where they stand. */

/** Names, of SSE events or in `type`, that a frame with text has, if it has one. */
export const TEXT_NAME: RegExp =
  /^(?:(?:(?:conversation\.|on_)?(?:message|text|token|content|content_block|chunk|delta|answer|response|output|output_text|data|completion|stream|partial|assistant|ai|item)|(?:agent|llm)[-_.]?(?:message|text|token|response))(?:[-_.]?(?:delta|chunk|token))?|(?:agent|llm)[-_.]?(?:delta|chunk)|stream_event|on_(?:chat_model|llm)_stream|textResponse(?:Chunk)?|(?:team)?run(?:response)?content|runResponse)$/i
export const REASONING_NAME: RegExp =
  /^(?:on_)?(?:reasoning|thinking|thought|think)(?:[-_.]?(?:delta|content|text))?$/i
export const DONE_NAME: RegExp =
  /^(?:done|end|ended|close|complete|completed|finish|finished|message[-_.]?(?:end|stop|done)|(?:stream|response)[-_.]?(?:end|done|completed?)|(?:team)?run[-_]?completed?|finalizeResponseStream|finalAnswer)$/i
export const ERROR_NAME: RegExp = /^(?:(?:(?:stream|(?:team)?run)[-_]?)?error|exception)$/i

/** Names, in `type`, that a frame has which only keeps the connection open. */
export const KEEPALIVE_NAME: RegExp = /^(?:ping|keep-?alive|heartbeat)$/i

/** Data that are the end of a stream, whatever its frames are otherwise. */
export const END_MARK: RegExp = /^(?:\[(?:done|end|stream_end)\]|__(?:done|end)__|<\/stream>)$/i

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
  'textResponse',
  'text_chunk',
]
const REASONING_KEYS = [
  'reasoning',
  'reasoning_content',
  'reasoningContent',
  'thinking',
  'thought',
  'think',
]
const REASON_KEYS = ['finishReason', 'finish_reason', 'stop_reason', 'done_reason', 'stop_type']

type Path = readonly [string, ...(string | number)[]]

/** Where others put it: watsonx, Spring AI, LibreChat, LangChain, Strands, Bedrock, Claude's SDK. */
const TEXT_PATHS: readonly Path[] = [
  ['results', 0, 'generated_text'],
  ['result', 'output', 'text'],
  ['result', 'output', 'content'],
  ['data', 'delta', 'content', 0, 'text'],
  ['data', 'chunk', 'content'],
  ['event', 'contentBlockDelta', 'delta', 'text'],
  ['contentBlockDelta', 'delta', 'text'],
  ['event', 'delta', 'text'],
]
const REASONING_PATHS: readonly Path[] = [
  ['data', 'delta', 'content', 0, 'think'],
  ['event', 'contentBlockDelta', 'delta', 'reasoningContent', 'text'],
  ['contentBlockDelta', 'delta', 'reasoningContent', 'text'],
  ['event', 'delta', 'thinking'],
]
const REASON_PATHS: readonly Path[] = [
  ['details', 'finish_reason'],
  ['results', 0, 'stop_reason'],
  ['result', 'metadata', 'finishReason'],
  ['event', 'messageStop', 'stopReason'],
  ['messageStop', 'stopReason'],
  ['event', 'delta', 'stop_reason'],
]
const USAGE_PATHS: readonly Path[] = [
  ['metadata', 'usage'],
  ['data', 'usage'],
  ['data'],
  ['metrics'],
  ['event', 'metadata', 'usage'],
]

/** What says that a frame is the last one, if it is true. */
const DONE_KEY =
  /^(?:is[-_]?|stream[-_]?)?(?:done|end|final|finish|finished|complete|completed|close)$/i

/** What the keys of a frame are that says no more than "the end". */
const END_KEY =
  /^(?:type|event|id|model|usage|tokens_used|timestamp|finish_?reason|stop_?reason|reason|stop)$/i

/** The first text that one of the paths leads to. Most lead nowhere at once. */
function textAt(payload: WireObject, paths: readonly Path[]): string | undefined {
  for (const path of paths) {
    const text = path[0] in payload ? asText(valueAt(payload, ...path)) : undefined
    if (text !== undefined) return text
  }
  return undefined
}

/** The text under one of the usual keys, or in an object there. */
export function textOf(payload: WireObject): string | undefined {
  if (isOfUser(payload)) return undefined
  const direct = firstText(payload, ...TEXT_KEYS)
  if (direct !== undefined) return direct
  for (const key of TEXT_KEYS) {
    const inner = asObject(payload[key])
    if (inner === undefined || inner['special'] === true || isOfUser(inner)) continue
    const text = firstText(inner, 'content', 'text', 'token', 'delta', 'chunk', 'answer')
    if (text !== undefined) return text
  }
  return undefined
}

/** Some servers begin with the question. */
function isOfUser({ role, isCreatedByUser }: WireObject): boolean {
  return role === 'user' || role === 'human' || isCreatedByUser === true
}

/** The text in the frames of servers that put it deeper. */
export function deepTextOf(payload: WireObject): string | undefined {
  return textAt(payload, TEXT_PATHS)
}

/** The text of a whole message, whose content is a list of parts: Strands, Claude's SDK, ADK. */
export function wholeTextOf(payload: WireObject): string | undefined {
  const content = asObject(payload['content'])
  const message = content ?? asObject(payload['message']) ?? payload
  if (isOfUser(message)) return undefined
  const parts = asArray(content?.['parts'] ?? message['content'])
  const texts = parts.map((part) => valueAt(part, 'thought') !== true && valueAt(part, 'text'))
  return asText(texts.filter((text) => asText(text) !== undefined).join(''))
}

export function reasoningOf(payload: WireObject): string | undefined {
  return firstText(payload, ...REASONING_KEYS) ?? textAt(payload, REASONING_PATHS)
}

/** The word for why the answer ended, if the frame has one. */
export function reasonWordOf(payload: WireObject): string | undefined {
  const word = firstText(payload, ...REASON_KEYS) ?? textAt(payload, REASON_PATHS)
  if (word === undefined) return payload['stopped_limit'] === true ? 'limit' : undefined
  return /^(?:not[-_]finished|null)$/i.test(word) ? undefined : word
}

/** Emits why an answer ended, by a provider's word or an app's own. */
export function emitReason(word: string, emit: Emit): void {
  const finishReason = /^(?:done|finish|succe)/i.test(word) ? 'stop' : finishReasonOf(word)
  emitFacts({ finishReason, rawFinishReason: word }, emit)
}

/** Dify's workflows end with a state, and without an end of the message where they have none. */
export function readWorkflowEnd(state: unknown, emit: Emit): void {
  const status = asText(valueAt(state, 'status'))
  if (asText(valueAt(state, 'error')) !== undefined) emitError(state, emit)
  else if (status !== undefined) emitReason(status, emit)
}

/** Token counts. They may stand in the last frame itself. */
export function usageIn(payload: WireObject, isLast: boolean): Usage | undefined {
  const usage = readUsage(payload['usage'])
  if (usage !== undefined) return usage
  for (const path of USAGE_PATHS) {
    const found = path[0] in payload ? readUsage(valueAt(payload, ...path)) : undefined
    if ((found?.outputTokens ?? found?.totalTokens) !== undefined) return found
  }
  if (!isLast) return undefined
  const { tokens_evaluated, tokens_predicted } = payload
  const outputTokens = asNumber(tokens_predicted)
  const found =
    outputTokens === undefined
      ? readUsage(payload)
      : usageOf(payload, { inputTokens: asNumber(tokens_evaluated), outputTokens })
  return found?.outputTokens === undefined ? undefined : found
}

/** Whether a frame is the last one by one of its keys. */
export function isEnd(payload: WireObject): boolean {
  for (const key in payload) if (payload[key] === true && DONE_KEY.test(key)) return true
  // llama.cpp says `stop: true`; TGI repeats the text in its last frame, which is null before.
  if (payload['stop'] === true && typeof payload['content'] === 'string') return true
  return isObject(payload['token']) && typeof payload['generated_text'] === 'string'
}

/** Whether all that a frame without a name says is a status that means the end. */
export function isOver(payload: WireObject, names: readonly string[]): boolean {
  if (!DONE_NAME.test(asText(payload['status']) ?? '')) return false
  const isNameless = names.every((name) => name === 'message')
  return isNameless && !hasMore(payload) && textOf(payload) === undefined
}

/** Whether a frame says anything beside text, its end and its token counts. */
export function hasMore(payload: WireObject): boolean {
  return Object.keys(payload).some((key) => {
    const value = payload[key]
    if (key === 'event') return isObject(value)
    if (key === 'status') return !DONE_NAME.test(asText(value) ?? '')
    if (key === 'metadata') return Object.keys(asObject(value) ?? {}).some((k) => k !== 'usage')
    if (key === 'data') return isObject(value) && Object.keys(value).length > 1
    return (
      ![...TEXT_KEYS, ...REASONING_KEYS].includes(key) && !END_KEY.test(key) && !DONE_KEY.test(key)
    )
  })
}

/** Whether a frame is an error or an end by its name, whatever its data are. */
export function isNotice({ type, data }: SseEvent): boolean {
  return ERROR_NAME.test(type) || DONE_NAME.test(type) || data.startsWith('[ERROR]')
}

/** Hands on a source, of which a route says what it likes. */
export function readSource(raw: unknown, emit: Emit): void {
  const source = typeof raw === 'string' ? { url: raw } : asObject(raw)
  const url = firstText(source, 'url', 'uri', 'link')
  emitSource({ url, title: firstText(source, 'title', 'name', 'document_name') }, raw, emit)
}
