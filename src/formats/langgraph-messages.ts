import type { AnswerFacts, Usage } from '../chat-event.ts'
import {
  asArray,
  asObject,
  asText,
  firstText,
  isObject,
  valueAt,
  type WireObject,
} from '../wire-value.ts'
import type { AwaitedCalls } from './awaited-calls.ts'
import { emitData, emitFacts, emitReasoning, emitText, readHead } from './emit.ts'
import type { Emit } from './format.ts'
import { finishReasonOf } from './frames.ts'
import { inputTextUnlessEmpty } from './tool-calls.ts'
import { addUsage, readUsage } from './usage.ts'

/** What is known of one message of the model. */
interface Message {
  /** The stream mode it came by first. What other modes say of it is a repetition. */
  mode: string
  /** Its first text, to tell a repetition of all of it from a piece. */
  opening: string
  textLength: number
  reasoningLength: number
  /** The id of the last call at each index. */
  calls: Map<unknown, string>
  usage: Usage | undefined
}

export interface StreamMode {
  name: string
  extent: 'piece' | 'so-far' | 'whole'
}

/** Reads LangChain messages: pieces, as far as they are by now, or whole. */
export interface MessageReader {
  /** A message of a stream mode, in pieces or as far as it is by now; `key` stands for its id. */
  read(value: unknown, mode: StreamMode, key: string, emit: Emit): void
  /** A message of the graph's state, which a stream mode may have brought before. */
  readState(message: WireObject, emit: Emit): void
  /** Why the last message ended, if it said so and nothing came after it. */
  finish(): AnswerFacts | undefined
}

/** Who speaks, by the `type` or `role` of a serialised message: `ai`, `AIMessageChunk`, `tool`, … */
const ROLES: readonly [RegExp, 'model' | 'tool' | 'user'][] = [
  [/^(?:ai|assistant)/i, 'model'],
  [/^tool/i, 'tool'],
  [/^(?:human|user)/i, 'user'],
]

/** Who speaks in a message; `undefined` if neither the model, nor a tool, nor the user does. */
export function roleOf(message: WireObject): 'model' | 'tool' | 'user' | undefined {
  const type = firstText(message, 'type', 'role') ?? ''
  return ROLES.find(([pattern]) => pattern.test(type))?.[1]
}

export function readMessages(calls: AwaitedCalls): MessageReader {
  const messages = new Map<string, Message>()
  let finish: AnswerFacts | undefined
  const head = {}
  let unnamedCalls = 0
  /** Whether messages are streamed, so that the state only repeats them. */
  let isStreamed = false

  function messageAt(key: string, mode: string): Message {
    let message = messages.get(key)
    if (message === undefined) {
      const empty = { opening: '', textLength: 0, reasoningLength: 0, usage: undefined }
      message = { mode, ...empty, calls: new Map() }
      messages.set(key, message)
    }
    return message
  }

  function readTool(message: WireObject, emit: Emit): void {
    const callId = asText(message['tool_call_id']) ?? ''
    calls.answer(callId, message['content'], message['status'] === 'error', emit)
  }

  function readModel(
    value: WireObject,
    message: Message,
    extent: StreamMode['extent'],
    emit: Emit,
  ): void {
    const { text, reasoning } = textsOf(value, emit)
    const isPiece = extent === 'piece'
    const newText = isPiece ? text : text.slice(message.textLength)
    const newReasoning = isPiece ? reasoning : reasoning.slice(message.reasoningLength)
    const callPieces = asArray(value['tool_call_chunks'])
    if (newText !== '' || newReasoning !== '' || (isPiece && callPieces.length > 0)) {
      finish = undefined
    }
    message.opening ||= newText
    message.textLength += newText.length
    message.reasoningLength += newReasoning.length
    emitReasoning(newReasoning, emit)
    emitText(newText, emit)
    for (const piece of callPieces) {
      if (isObject(piece)) readCallPiece(piece, message, isPiece, emit)
    }
    if (extent === 'whole') giveCalls(value, emit)
    readFacts(value, message, isPiece, emit)
  }

  function readCallPiece(piece: WireObject, message: Message, isPiece: boolean, emit: Emit): void {
    const newId = asText(piece['id'])
    const index = piece['index'] ?? newId
    let callId = message.calls.get(index)
    if (callId === undefined || (newId !== undefined && newId !== callId)) {
      if (callId !== undefined) calls.markWhole(callId)
      callId = newId ?? `call-${++unnamedCalls}`
      message.calls.set(index, callId)
    }
    const args = asText(piece['args']) ?? ''
    if (isPiece) calls.add(callId, piece['name'], args, emit)
    else calls.grow(callId, piece['name'], args, emit)
  }

  function giveCalls(message: WireObject, emit: Emit): void {
    for (const call of asArray(message['tool_calls'])) {
      const { id, name, args } = asObject(call) ?? {}
      if (typeof id === 'string') calls.give(id, name, inputTextUnlessEmpty(args), emit)
    }
  }

  function readFacts(value: WireObject, message: Message, isPiece: boolean, emit: Emit): void {
    const about = asObject(value['response_metadata'])
    const usage = readUsage(value['usage_metadata'])
    // The counts of a message's pieces add up: so LangChain defines them.
    if (usage !== undefined) message.usage = isPiece ? addUsage(message.usage, usage) : usage
    const model = firstText(about, 'model_name', 'model')
    if ((usage ?? model) !== undefined) emitFacts({ model, usage: usage && message.usage }, emit)
    const reason = firstText(about, 'finish_reason', 'stop_reason')
    if (reason === undefined) return
    finish = { finishReason: finishReasonOf(reason), rawFinishReason: reason }
    giveCalls(value, emit)
    for (const callId of message.calls.values()) calls.markWhole(callId)
  }

  return {
    read(value, { name, extent }, key, emit) {
      const message = unwrap(value)
      if (message === undefined) return
      const role = roleOf(message)
      if (role === 'tool') return readTool(message, emit)
      if (role !== 'model') return
      isStreamed = true
      const known = messageAt(asText(message['id']) ?? key, name)
      if (known.mode !== name) return
      readHead(head, message['id'], undefined, emit)
      const isWhole = extent === 'piece' && !isChunk(message) && repeats(message['content'], known)
      readModel(message, known, isWhole ? 'whole' : extent, emit)
    },
    readState(message, emit) {
      const role = roleOf(message)
      if (role === 'tool') return readTool(message, emit)
      const messageId = asText(message['id'])
      if (role !== 'model' || messageId === undefined) return
      const known = messageAt(messageId, 'state')
      if (!isStreamed) readModel(message, known, 'whole', emit)
      else if (known.mode !== 'state') giveCalls(message, emit)
    },
    finish: () => finish,
  }
}

/** Whether a message that is no chunk is all of a message so far: some send pieces like that. */
function repeats(content: unknown, { opening, textLength }: Message): boolean {
  if (typeof content !== 'string') return textLength === 0
  return content.length >= textLength && content.startsWith(opening)
}

/** The messages that a state, or a change of it, holds: a list, or one. */
export function messagesIn(state: unknown): WireObject[] {
  const value = valueAt(state, 'messages')
  const list = Array.isArray(value) ? value : [value]
  return list.map(unwrap).filter((message) => message !== undefined)
}

/** LangChain's own serialisation keeps the message in `kwargs`. */
export function unwrap(value: unknown): WireObject | undefined {
  const message = asObject(value)
  if (message?.['lc'] === undefined) return message
  return { type: asArray(message['id']).at(-1), ...asObject(message['kwargs']) }
}

function isChunk(message: WireObject): boolean {
  return Array.isArray(message['tool_call_chunks']) || /chunk$/i.test(asText(message['type']) ?? '')
}

/** The text and reasoning of a message's content: a string, or blocks of it. */
function textsOf(message: WireObject, emit: Emit): { text: string; reasoning: string } {
  const { content } = message
  const kwargs = asObject(message['additional_kwargs'])
  let text = typeof content === 'string' ? content : ''
  let reasoning = ''
  for (const value of asArray(content)) {
    const block = typeof value === 'string' ? { type: 'text', text: value } : asObject(value)
    if (block === undefined) continue
    const type = asText(block['type']) ?? ''
    if (type === 'text') text += asText(block['text']) ?? ''
    else if (type === 'reasoning' || type === 'thinking') reasoning += reasoningIn(block)
    // The pieces of calls stand in `tool_call_chunks`, too.
    else if (!CALL_BLOCK.test(type)) emitData(type || 'content', block, emit)
  }
  // What a model's own class puts beside the content may stand in it, too.
  reasoning ||=
    asText(kwargs?.['reasoning_content']) ?? reasoningIn(asObject(kwargs?.['reasoning']))
  return { text, reasoning }
}

/** A piece of reasoning: one text, or what OpenAI's Responses have, a list of summaries. */
function reasoningIn(block: WireObject | undefined): string {
  const summaries = asArray(block?.['summary']).map((part) => asText(valueAt(part, 'text')) ?? '')
  return firstText(block, 'reasoning', 'thinking') ?? summaries.join('')
}

const CALL_BLOCK = /^(?:tool_use|input_json_delta|tool_call|tool_call_chunk|function_call)$/
