import type { Usage } from '../chat-event.ts'
import { providerError } from '../provider-error.ts'
import {
  asArray,
  asNumber,
  asObject,
  asText,
  defined,
  isObject,
  type WireObject,
} from '../wire-value.ts'
import type { WireDecoder, WireEvent, WireFormat } from './format.ts'
import { DONE, finishReasonOf, isKeepalive, malformed, parsePayload } from './frames.ts'
import { deltaOfCall, endCall, type OpenCall, startCall } from './tool-calls.ts'

type Emit = (event: WireEvent) => void

/**
 * Anthropic Messages, directly or through a gateway; the stream, one whole `message`,
 * and the legacy text completions.
 *
 * End marker: `message_stop`; a stop reason is as good.
 * @see https://docs.anthropic.com/en/api/messages-streaming (read 2026-11-21)
 */
export const anthropic: WireFormat = { name: 'Anthropic Messages', decoder: decodeAnthropic }

/** A content block between its start and its stop. Blocks may overlap; the index tells them apart. */
interface Block {
  call: OpenCall | undefined
  /** The input that came whole in the block's start; argument deltas replace it. */
  wholeInput: string
}

function decodeAnthropic(): WireDecoder {
  const blocks = new Map<unknown, Block>()
  const usage = new Map<string, unknown>()
  let messageId: string | undefined
  let stopReason: string | undefined
  let mustRunTools = false
  let ended = false
  let unnamedCalls = 0
  let refusal: string | undefined

  function startMessage(message: WireObject, emit: Emit): void {
    const id = asText(message['id'])
    if (messageId !== undefined) return readUsage(message['usage'], emit)
    messageId = id
    const model = asText(message['model'])
    emit({ type: 'facts', ...(id && { id }), ...(model && { model }) })
    readUsage(message['usage'], emit)
    // Deferred tool calls come whole in the start; a whole answer comes like this altogether.
    for (const block of asArray(message['content'])) {
      if (isObject(block)) endBlock(startBlock(block, emit), emit)
    }
    readStop(message, emit)
  }

  function startBlock(block: WireObject, emit: Emit): Block {
    const type = asText(block['type']) ?? ''
    const open: Block = { call: undefined, wholeInput: '' }
    switch (type) {
      case 'text':
        emitText('text', block['text'], emit)
        for (const citation of asArray(block['citations'])) readCitation(citation, emit)
        break
      case 'thinking':
        emitText('reasoning', block['thinking'], emit)
        break
      case 'tool_use':
      case 'server_tool_use':
      case 'mcp_tool_use': {
        const providerExecuted = type !== 'tool_use'
        if (!providerExecuted) mustRunTools = true
        open.call = {
          id: asText(block['id']) ?? `call-${++unnamedCalls}`,
          name: asText(block['name']) ?? '',
          inputText: '',
          ...(providerExecuted && { providerExecuted }),
        }
        const input = asObject(block['input'])
        if (input !== undefined && Object.keys(input).length > 0) {
          open.wholeInput = JSON.stringify(input)
        }
        startCall(open.call, emit)
        break
      }
      case 'fallback': {
        const model = asText(asObject(block['to'])?.['model'])
        if (model !== undefined) emit({ type: 'facts', model })
        emit({ type: 'data', name: type, data: block })
        break
      }
      default:
        if (type.endsWith('_tool_result')) readToolResult(block, emit)
        else emit({ type: 'data', name: type || 'content_block', data: block })
    }
    return open
  }

  function readDelta(index: unknown, delta: WireObject, emit: Emit): void {
    switch (delta['type']) {
      case 'text_delta':
        return emitText('text', delta['text'], emit)
      case 'thinking_delta':
        return emitText('reasoning', delta['thinking'], emit)
      case 'input_json_delta': {
        const call = blocks.get(index)?.call
        const piece = asText(delta['partial_json'])
        if (call === undefined || piece === undefined) return
        call.inputText += piece
        return deltaOfCall(call, piece, emit)
      }
      case 'citations_delta':
        return readCitation(delta['citation'], emit)
      default:
        emit({ type: 'data', name: asText(delta['type']) ?? 'content_block_delta', data: delta })
    }
  }

  function endBlock(block: Block, emit: Emit): void {
    const { call, wholeInput } = block
    if (call === undefined) return
    if (call.inputText === '') {
      call.inputText = wholeInput
      deltaOfCall(call, wholeInput, emit)
    }
    endCall(call, emit)
  }

  function endBlockAt(index: unknown, emit: Emit): void {
    const block = blocks.get(index)
    blocks.delete(index)
    if (block !== undefined) endBlock(block, emit)
  }

  /** Counts are totals so far: each replaces the one before, none is added. */
  function readUsage(value: unknown, emit: Emit): void {
    for (const [key, count] of Object.entries(asObject(value) ?? {})) {
      if (count !== null) usage.set(key, count)
    }
    if (usage.size > 0) emit({ type: 'facts', usage: usageOf(Object.fromEntries(usage)) })
  }

  /** Reads the stop reason, from `message_delta` or from a whole message. */
  function readStop(holder: WireObject, emit: Emit): void {
    const reason = asText(holder['stop_reason'])
    if (reason === undefined) return
    stopReason = reason
    const finishReason = finishReasonOf(reason)
    emit({
      type: 'facts',
      rawFinishReason: reason,
      finishReason: finishReason === 'stop' && mustRunTools ? 'tool-calls' : finishReason,
    })
    const explanation = asText(asObject(holder['stop_details'])?.['explanation'])
    // The last message_delta may repeat the one before it.
    if (explanation !== refusal) emitText('refusal', explanation, emit)
    refusal = explanation
  }

  function finish(emit: Emit): void {
    if (ended) return
    ended = true
    for (const index of [...blocks.keys()]) endBlockAt(index, emit)
  }

  function readEvent(type: string, payload: WireObject, emit: Emit): void {
    const { index } = payload
    switch (type) {
      case 'message_start':
        return startMessage(asObject(payload['message']) ?? {}, emit)
      case 'message':
        startMessage(payload, emit)
        finish(emit)
        return emit({ type: 'complete' })
      case 'content_block_start':
        endBlockAt(index, emit)
        blocks.set(index, startBlock(asObject(payload['content_block']) ?? {}, emit))
        return
      case 'content_block_delta':
        return readDelta(index, asObject(payload['delta']) ?? {}, emit)
      case 'content_block_stop':
        return endBlockAt(index, emit)
      case 'message_delta':
        readUsage(payload['usage'], emit)
        return readStop(asObject(payload['delta']) ?? {}, emit)
      case 'message_stop':
        finish(emit)
        return emit({ type: 'complete' })
      case 'completion':
        if (messageId === undefined)
          startMessage({ id: payload['id'], model: payload['model'] }, emit)
        emitText('text', payload['completion'], emit)
        return readStop(payload, emit)
      case 'ping':
      case 'vertex_event':
        return
      default:
        emit({ type: 'data', name: type, data: payload })
    }
  }

  return {
    marksEnd: () => true,
    push(frame, emit) {
      if (frame.data === DONE) {
        finish(emit)
        return emit({ type: 'complete' })
      }
      if (isKeepalive(frame)) return
      if (frame.type === 'error' && !/^\s*[{[]/.test(frame.data)) {
        return emit({ type: 'error', error: providerError(frame.data) })
      }
      const payload = parsePayload(frame, anthropic.name)
      if (!isObject(payload)) throw malformed(frame, anthropic.name, 'its data is not an object')
      const type = asText(payload['type']) ?? frame.type
      if (type === 'error' || payload['error']) {
        return emit({ type: 'error', error: providerError(payload) })
      }
      if (type === 'message_start' && messageId !== undefined) {
        const id = asObject(payload['message'])?.['id']
        // A gateway that tried again in the middle: what follows is another answer.
        if (id !== messageId)
          throw malformed(frame, anthropic.name, 'a second message starts in it')
      }
      readEvent(type, payload, emit)
    },
    end(emit) {
      // Without a stop reason the answer was cut, and its open tool calls with it.
      if (stopReason !== undefined) finish(emit)
    },
  }
}

function usageOf(raw: WireObject): Usage {
  const input = asNumber(raw['input_tokens'])
  const cached = asNumber(raw['cache_read_input_tokens'])
  const created = asNumber(raw['cache_creation_input_tokens'])
  const outputTokens = asNumber(raw['output_tokens'])
  const inputTokens = input === undefined ? undefined : input + (cached ?? 0) + (created ?? 0)
  const details = asObject(raw['output_tokens_details'])
  const totalTokens =
    inputTokens === undefined || outputTokens === undefined ? undefined : inputTokens + outputTokens
  return {
    ...defined({
      inputTokens,
      outputTokens,
      totalTokens,
      cachedInputTokens: cached,
      reasoningTokens: asNumber(details?.['thinking_tokens']),
    }),
    raw,
  }
}

function emitText(type: 'text' | 'reasoning' | 'refusal', text: unknown, emit: Emit): void {
  if (typeof text === 'string' && text !== '') emit(type === 'text' ? text : { type, text })
}

function readCitation(value: unknown, emit: Emit): void {
  const citation = asObject(value)
  if (citation === undefined) return
  const url = asText(citation['url']) ?? asText(citation['source'])
  const title = asText(citation['title']) ?? asText(citation['document_title'])
  emit({ type: 'source', ...(url && { url }), ...(title && { title }), raw: citation })
}

/** A tool that ran at the provider: its result comes whole, an error as an object with its code. */
function readToolResult(block: WireObject, emit: Emit): void {
  const { content } = block
  const isError = block['is_error'] === true || asObject(content)?.['error_code'] !== undefined
  emit({ type: 'tool-result', id: asText(block['tool_use_id']) ?? '', output: content, isError })
}
