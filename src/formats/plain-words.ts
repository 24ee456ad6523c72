import type { Usage } from '../chat-event.ts'
import type { SseEvent } from '../framing/sse.ts'
import {
  asArray,
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
import { readUsage } from './usage.ts'

/** The words of hand-written frames, and where they stand. */

/** Names, of SSE events or in `type`, that a frame with text has, if it has one. */
export const TEXT_NAME: RegExp =
  /^(?:(?:conversation|on|agent|llm|chat_model|(?:team)?run)[-_.]?)*(?:message|text|token|content(?:_block)?|chunk|delta|answer|(?:text)?response|output(?:_text)?|data|completion|stream|partial|assistant|ai|item)(?:[-_.]?(?:delta|chunk|token|content|event))?$/i
export const REASONING_NAME: RegExp =
  /^(?:on_)?(?:reasoning|think(?:ing)?|thought)(?:[-_.]?(?:delta|content|text))?$/i
export const DONE_NAME: RegExp =
  /^(?:(?:(?:is|stream|response|(?:team)?run)[-_.]?)?(?:done|end(?:ed)?|close|completed?|finish(?:ed)?)|message[-_.]?(?:done|end|stop)|finalizeResponseStream|finalAnswer)$/i
export const ERROR_NAME: RegExp = /^(?:(?:(?:stream|(?:team)?run)[-_]?)?error|exception)$/i

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
const REASON_KEYS = [
  'finishReason',
  'finish_reason',
  'stopReason',
  'stop_reason',
  'done_reason',
  'stop_type',
]

type Path = readonly [string, ...(string | number)[]]

/** The objects in a frame that may hold them as well. */
const HOLDERS: readonly Path[] = [
  ['delta'],
  ['content'],
  ['token'],
  ['chunk'],
  ['message'],
  ['response'],
  ['answer'],
  ['data'],
  ['output'],
  // LangChain, LibreChat, Spring AI, Bedrock, TGI, watsonx.
  ['data', 'chunk'],
  ['data', 'delta', 'content', 0],
  ['result', 'output'],
  ['result', 'metadata'],
  ['contentBlockDelta', 'delta'],
  ['messageStop'],
  ['details'],
  ['results', 0],
]
const USAGE_PATHS: readonly (readonly string[])[] = [
  ['metadata', 'usage'],
  ['data', 'usage'],
  ['data'],
  ['metrics'],
]

/** What the keys of a frame are that says no more than "the end". */
const END_KEY =
  /^(?:type|event|id|model|usage|tokens_used|timestamp|metadata|finish_?reason|stop_?reason|reason)$/i

/** What a frame says: itself, or the model's own event in it, as Strands and Claude's SDK send it. */
export function bodyOf(payload: WireObject): WireObject {
  return asObject(payload['event']) ?? payload
}

/** The objects in which a frame says something: first its body, then what that holds. */
export function holdersOf(body: WireObject): readonly WireObject[] {
  if (isForeign(body)) return []
  const holders = [body]
  // Most frames are flat, and most paths lead nowhere at once.
  if (!Object.values(body).some((value) => typeof value === 'object')) return holders
  for (const path of HOLDERS) {
    const holder = path[0] in body ? asObject(valueAt(body, ...path)) : undefined
    if (holder !== undefined && !isForeign(holder)) holders.push(holder)
  }
  return holders
}

/** The text under one of `keys` in the first of the objects that has one. */
function textUnder(keys: readonly string[], holders: readonly WireObject[]): string | undefined {
  for (const holder of holders) {
    const text = firstText(holder, ...keys)
    if (text !== undefined) return text
  }
  return undefined
}

/** Some servers begin with the question; TGI marks what is no text of the model's. */
function isForeign({ role, isCreatedByUser, special }: WireObject): boolean {
  return role === 'user' || role === 'human' || isCreatedByUser === true || special === true
}

/** The text of a frame. */
export function textOf(holders: readonly WireObject[]): string | undefined {
  // In the body itself TGI repeats the whole text under the name that watsonx has for a piece.
  return textUnder(TEXT_KEYS, holders) ?? textUnder(['generated_text'], holders.slice(1))
}

/** The text of a whole message, whose content is a list of parts: Strands, Claude's SDK, ADK. */
export function wholeTextOf(payload: WireObject): string | undefined {
  const content = asObject(payload['content'])
  const message = content ?? asObject(payload['message']) ?? payload
  if (isForeign(message)) return undefined
  const parts = asArray(content?.['parts'] ?? message['content'])
  const texts = parts.filter((part) => !valueAt(part, 'thought')).map((p) => valueAt(p, 'text'))
  return asText(texts.filter((text) => typeof text === 'string').join(''))
}

export function reasoningOf(holders: readonly WireObject[]): string | undefined {
  const bedrock = valueAt(holders[0], 'contentBlockDelta', 'delta', 'reasoningContent', 'text')
  return textUnder(REASONING_KEYS, holders) ?? asText(bedrock)
}

/** The word for why the answer ended, if the frame has one. */
export function reasonWordOf(holders: readonly WireObject[]): string | undefined {
  const word = textUnder(REASON_KEYS, holders)
  return word ?? (holders[0]?.['stopped_limit'] === true ? 'limit' : undefined)
}

/** Emits why an answer ended, by a provider's word or an app's own, if it is one. */
export function emitReason(value: unknown, emit: Emit): void {
  const word = asText(value)
  if (word === undefined || /^(?:not[-_]finished|null)$/i.test(word)) return
  const finishReason = /^(?:done|finish|succe)/i.test(word) ? 'stop' : finishReasonOf(word)
  emitFacts({ finishReason, rawFinishReason: word }, emit)
}

/** Dify's workflows end with a state, and without an end of the message where they have none. */
export function readWorkflowEnd(state: unknown, emit: Emit): void {
  if (asText(valueAt(state, 'error')) !== undefined) emitError(state, emit)
  else emitReason(valueAt(state, 'status'), emit)
}

/** Token counts. They may stand in the last frame itself. */
export function usageIn(body: WireObject, isLast: boolean): Usage | undefined {
  const usage = readUsage(body['usage'])
  if (usage !== undefined) return usage
  for (const path of isLast ? [...USAGE_PATHS, []] : USAGE_PATHS) {
    const found = readUsage(valueAt(body, ...path))
    if ((found?.outputTokens ?? found?.totalTokens) !== undefined) return found
  }
  return undefined
}

/** Whether a frame is the last one by one of its keys. TGI repeats the text there: null before. */
export function isEnd(payload: WireObject): boolean {
  const hasDone = Object.keys(payload).some((key) => payload[key] === true && isDoneKey(key))
  return hasDone || ('token' in payload && typeof payload['generated_text'] === 'string')
}

/** Whether a key says that a frame is the last one, if it is true: `is_done`, `final`, … */
function isDoneKey(key: string): boolean {
  return DONE_NAME.test(key) || /^(?:is[-_]?)?(?:final|stop)$/i.test(key)
}

/** Whether all that a frame without a name says is a status that means the end. */
export function isOver(payload: WireObject, names: readonly string[]): boolean {
  if (!isDoneStatus(payload['status'])) return false
  const isNameless = names.every((name) => name === 'message')
  return isNameless && !hasMore(payload) && textOf(holdersOf(payload)) === undefined
}

function isDoneStatus(status: unknown): boolean {
  return DONE_NAME.test(asText(status) ?? '')
}

/** Whether a frame says anything beside text, its end and its token counts. */
export function hasMore(payload: WireObject): boolean {
  return Object.keys(payload).some((key) => {
    const value = payload[key]
    if (key === 'status') return !isDoneStatus(value)
    if (key === 'event') return isObject(value)
    const inner = /^(?:data|metadata)$/.test(key) ? asObject(value) : undefined
    return !Object.keys(inner ?? { [key]: value }).every(isOfEnd)
  })
}

/** Whether a key means no more than text or the end. */
function isOfEnd(key: string): boolean {
  return [...TEXT_KEYS, ...REASONING_KEYS].includes(key) || END_KEY.test(key) || isDoneKey(key)
}

/** Whether a frame is an error whatever its data are. */
export function isFailure({ type, data }: SseEvent): boolean {
  return ERROR_NAME.test(type) || data.startsWith('[ERROR]')
}

/** Hands on a source, of which a route says what it likes. */
export function readSource(raw: unknown, emit: Emit): void {
  const source = typeof raw === 'string' ? { url: raw } : asObject(raw)
  const url = firstText(source, 'url', 'uri', 'link')
  const title = firstText(source, 'title', 'name', 'document_name')
  emitSource({ url, title }, raw, emit)
}
