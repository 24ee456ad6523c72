import type { AnswerFacts, Usage } from '../chat-event.ts'
import { asArray, asNumber, asObject, asText, isObject, type WireObject } from '../wire-value.ts'
import type { AwaitedCalls } from './awaited-calls.ts'
import type { WireEvent } from './format.ts'
import { emitText, finishReasonOf, readUsage } from './frames.ts'

type Emit = (event: WireEvent) => void

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

/** What a serialised message is by its `type`: `ai`, `AIMessageChunk`, `tool`, … */
function isModel(message: WireObject): boolean {
  return /^(?:ai|assistant)/i.test(asText(message['type']) ?? asText(message['role']) ?? '')
}

export function isTool(message: WireObject): boolean {
  return /^tool/i.test(asText(message['type']) ?? asText(message['role']) ?? '')
}

export function readMessages(calls: AwaitedCalls): MessageReader {
  const messages = new Map<string, Message>()
  let finish: AnswerFacts | undefined
  let id: string | undefined
  let unnamedCalls = 0
  /** Whether messages are streamed, so that the state only repeats them. */
  let isStreamed = false

  function messageAt(key: string, mode: string): Message {
    let message = messages.get(key)
    if (message === undefined) {
      message = {
        mode,
        opening: '',
        textLength: 0,
        reasoningLength: 0,
        calls: new Map(),
        usage: undefined,
      }
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
    if (newReasoning !== '') emit({ type: 'reasoning', text: newReasoning })
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
    if (isPiece) calls.add(callId, asText(piece['name']), args, emit)
    else calls.grow(callId, asText(piece['name']), args, emit)
  }

  function giveCalls(message: WireObject, emit: Emit): void {
    for (const call of asArray(message['tool_calls'])) {
      const callId = asText(asObject(call)?.['id'])
      if (!isObject(call) || callId === undefined) continue
      calls.give(callId, asText(call['name']), argumentsOf(call['args']), emit)
    }
  }

  function readFacts(value: WireObject, message: Message, isPiece: boolean, emit: Emit): void {
    const about = asObject(value['response_metadata'])
    const model = asText(about?.['model_name']) ?? asText(about?.['model'])
    if (model !== undefined) emit({ type: 'facts', model })
    const usage = usageOf(value['usage_metadata'])
    if (usage !== undefined) {
      // The counts of a message's pieces add up: so LangChain defines them.
      message.usage = isPiece ? sumOf(message.usage, usage) : usage
      emit({ type: 'facts', usage: message.usage })
    }
    const reason = asText(about?.['finish_reason']) ?? asText(about?.['stop_reason'])
    if (reason === undefined) return
    finish = { finishReason: finishReasonOf(reason), rawFinishReason: reason }
    giveCalls(value, emit)
    for (const callId of message.calls.values()) calls.markWhole(callId)
  }

  return {
    read(value, { name, extent }, key, emit) {
      const message = unwrap(value)
      if (message === undefined) return
      if (isTool(message)) return readTool(message, emit)
      if (!isModel(message)) return
      isStreamed = true
      const messageId = asText(message['id'])
      const known = messageAt(messageId ?? key, name)
      if (known.mode !== name) return
      if (id === undefined && messageId !== undefined) {
        id = messageId
        emit({ type: 'facts', id })
      }
      const isWhole = extent === 'piece' && !isChunk(message) && repeats(message['content'], known)
      readModel(message, known, isWhole ? 'whole' : extent, emit)
    },
    readState(message, emit) {
      if (isTool(message)) return readTool(message, emit)
      const messageId = asText(message['id'])
      if (!isModel(message) || messageId === undefined) return
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

/** LangChain's own serialisation keeps the message in `kwargs`. */
function unwrap(value: unknown): WireObject | undefined {
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
  const texts = { text: '', reasoning: asText(kwargs?.['reasoning_content']) ?? '' }
  if (typeof content === 'string') return { ...texts, text: content }
  for (const value of asArray(content)) {
    const block = typeof value === 'string' ? { type: 'text', text: value } : asObject(value)
    if (block === undefined) continue
    const type = asText(block['type']) ?? ''
    if (type === 'text') texts.text += asText(block['text']) ?? ''
    else if (type === 'reasoning' || type === 'thinking') {
      texts.reasoning += asText(block['reasoning']) ?? asText(block['thinking']) ?? ''
    } else if (!CALL_BLOCK.test(type)) emit({ type: 'data', name: type || 'content', data: block })
    // The pieces of calls stand in `tool_call_chunks`, too.
  }
  return texts
}

const CALL_BLOCK = /^(?:tool_use|input_json_delta|tool_call|tool_call_chunk|function_call)$/

/** A call's arguments as text: servers that give them whole give them parsed. */
export function argumentsOf(args: unknown): string {
  if (typeof args === 'string') return args
  return isObject(args) && Object.keys(args).length > 0 ? JSON.stringify(args) : ''
}

/** LangChain's token counts. */
export function usageOf(value: unknown): Usage | undefined {
  const usage = readUsage(value)
  const raw = asObject(value)
  const input = asObject(raw?.['input_token_details'])
  const output = asObject(raw?.['output_token_details'])
  const cachedInputTokens = asNumber(input?.['cache_read'])
  const reasoningTokens = asNumber(output?.['reasoning'])
  return (
    usage && {
      ...usage,
      ...(cachedInputTokens !== undefined && { cachedInputTokens }),
      ...(reasoningTokens !== undefined && { reasoningTokens }),
    }
  )
}

const COUNTS = [
  'inputTokens',
  'outputTokens',
  'totalTokens',
  'cachedInputTokens',
  'reasoningTokens',
] as const

function sumOf(before: Usage | undefined, usage: Usage): Usage {
  const sum = { ...usage }
  for (const key of COUNTS) {
    const count = before?.[key]
    if (count !== undefined) sum[key] = count + (sum[key] ?? 0)
  }
  return sum
}
