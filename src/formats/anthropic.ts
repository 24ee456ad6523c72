import { asArray, asObject, asText, firstText, valueAt, type WireObject } from '../wire-value.ts'
import { emitData, emitError, emitFacts, emitReasoning, emitSource, emitText } from './emit.ts'
import type { Emit, WireFormat } from './format.ts'
import { emitFinish, isFault, malformed, type ObjectReader, objectFormat } from './frames.ts'
import { endCall, feedCall, inputTextUnlessEmpty, newCall, type OpenCall } from './tool-calls.ts'
import { anthropicUsage } from './usage.ts'

const NAME = 'Anthropic Messages'

/**
 * Anthropic Messages, directly or through a gateway; the stream, one whole `message`,
 * and the legacy text completions.
 *
 * One message a stream: the body may stay open behind its end. A server that runs the tools itself
 * and goes on with another message needs a format of its own: `chatwire/server`, or `select` here.
 *
 * End marker: `message_stop`; a stop reason is as good.
 * @see https://docs.anthropic.com/en/api/messages-streaming (read 2026-11-21)
 */
export const anthropic: WireFormat = /* @__PURE__ */ objectFormat(NAME, readAnswer)

/** A call between its block's start and stop. Blocks may overlap; the index tells them apart. */
interface CallBlock {
  call: OpenCall
  /** The input that came whole in the block's start; argument deltas replace it. */
  wholeInput: string
}

function readAnswer(): ObjectReader {
  const blocks = new Map<unknown, CallBlock>()
  let usage: WireObject | undefined
  let messageId: string | undefined
  let hasContent = false
  let stopReason: string | undefined
  let mustRunTools = false
  let unnamedCalls = 0
  let refusal: string | undefined

  function startMessage(message: WireObject, emit: Emit): void {
    readUsage(message['usage'], emit)
    if (hasContent) return
    messageId = asText(message['id'])
    emitFacts({ id: messageId, model: asText(message['model']) }, emit)
    // Deferred tool calls come whole in the start; a whole answer comes like this altogether.
    for (const [index, block] of asArray(message['content']).entries()) {
      startBlock(index, asObject(block) ?? {}, emit)
      endBlock(index, emit)
    }
  }

  function startBlock(index: unknown, block: WireObject, emit: Emit): void {
    const type = asText(block['type']) ?? 'content_block'
    hasContent = true
    endBlock(index, emit)
    switch (type) {
      case 'text':
        emitText(block['text'], emit)
        for (const citation of asArray(block['citations'])) readCitation(citation, emit)
        return
      case 'thinking':
        return emitReasoning(block['thinking'], emit)
      case 'tool_use':
      case 'server_tool_use':
      case 'mcp_tool_use': {
        if (type === 'tool_use') mustRunTools = true
        const call = newCall(asText(block['id']) ?? `call-${++unnamedCalls}`, type !== 'tool_use')
        blocks.set(index, { call, wholeInput: inputTextUnlessEmpty(block['input']) })
        return feedCall(call, block['name'], '', emit)
      }
      case 'fallback':
        emitFacts({ model: asText(valueAt(block, 'to', 'model')) }, emit)
        break
      default:
        // GLM's tools give a `tool_result`.
        if (type.endsWith('tool_result')) return readToolResult(block, emit)
    }
    emitData(type, block, emit)
  }

  function readDelta(index: unknown, delta: WireObject, emit: Emit): void {
    const block = blocks.get(index)
    hasContent = true
    switch (delta['type']) {
      case 'text_delta':
        return emitText(delta['text'], emit)
      case 'thinking_delta':
        return emitReasoning(delta['thinking'], emit)
      case 'input_json_delta':
        if (block !== undefined) return feedCall(block.call, '', delta['partial_json'], emit)
        // LiteLLM sends empty ones within text.
        if (delta['partial_json'] === '') return
        break
      case 'citations_delta':
        return readCitation(delta['citation'], emit)
      // Kimi leaves the type out, and so do hand-written servers.
      case undefined:
        if (asText(delta['text']) !== undefined) return emitText(delta['text'], emit)
    }
    emitData(asText(delta['type']) ?? 'content_block_delta', delta, emit)
  }

  function endBlock(index: unknown, emit: Emit): void {
    const block = blocks.get(index)
    blocks.delete(index)
    if (block !== undefined) endCall(block.call, emit, block.wholeInput)
  }

  /** Counts are totals so far: each replaces the one before, none is added. */
  function readUsage(value: unknown, emit: Emit): void {
    const counts = Object.entries(asObject(value) ?? {}).filter(([, count]) => count !== null)
    usage = { ...usage, ...Object.fromEntries(counts) }
    if (Object.keys(usage).length > 0) emit({ type: 'facts', usage: anthropicUsage(usage) })
  }

  /** Reads the stop reason, from `message_delta` or from a whole message. */
  function readStop(holder: WireObject, emit: Emit): void {
    const word = asText(holder['stop_reason'])
    if (word === undefined) return
    stopReason = word
    emitStop(emit)
    const explanation = asText(valueAt(holder, 'stop_details', 'explanation'))
    // The last message_delta may repeat the one before it.
    if (explanation !== undefined && explanation !== refusal) {
      emit({ type: 'refusal', text: explanation })
    }
    refusal = explanation
  }

  function emitStop(emit: Emit): void {
    emitFinish(stopReason, mustRunTools ? 'tool-calls' : 'stop', emit)
  }

  function finish(emit: Emit): void {
    for (const index of [...blocks.keys()]) endBlock(index, emit)
    emitStop(emit)
  }

  function complete(emit: Emit): void {
    finish(emit)
    emit({ type: 'complete' })
  }

  return {
    takesTemplates: true,
    read(payload, frame, emit) {
      const { index } = payload
      const type = asText(payload['type']) ?? frame.type
      if (type === 'error' || payload['error']) return emitError(payload, emit)
      switch (type) {
        case 'message_start': {
          const message = asObject(payload['message']) ?? payload
          // A gateway that tried again in the middle: what follows is another answer.
          if (hasContent && messageId !== undefined && message['id'] !== messageId) {
            throw malformed(frame, NAME, 'a second message starts in it')
          }
          startMessage(message, emit)
          // Without content it belongs to a whole answer of which a gateway makes a stream.
          if (hasContent) readStop(message, emit)
          return
        }
        case 'message':
          // Every event without a name has this one: a frame of the server's own is no whole answer.
          if (payload['type'] !== type || !Array.isArray(payload['content'])) break
          startMessage(payload, emit)
          readStop(payload, emit)
          return complete(emit)
        case 'content_block_start':
          return startBlock(index, asObject(payload['content_block']) ?? {}, emit)
        case 'content_block_delta':
          return readDelta(index, asObject(payload['delta']) ?? flatDelta(payload), emit)
        case 'content_block_stop':
          return endBlock(index, emit)
        case 'message_delta':
          readUsage(payload['usage'] ?? valueAt(payload, 'delta', 'usage'), emit)
          return readStop(asObject(payload['delta']) ?? payload, emit)
        case 'message_stop':
          return complete(emit)
        case 'completion':
          if (messageId === undefined) {
            startMessage({ id: payload['id'], model: payload['model'] }, emit)
          }
          emitText(payload['completion'], emit)
          return readStop(payload, emit)
        case 'ping':
        case 'vertex_event':
          return
      }
      if (isFault(payload)) emitError(payload, emit)
      else emitData(type, payload, emit)
    },
    done: finish,
    end(emit) {
      // Without a stop reason the answer was cut, and its open tool calls with it.
      if (stopReason !== undefined) finish(emit)
    },
  }
}

/**
 * The text of a delta that is none. Hand-written servers take over the names of the events, but put
 * what belongs in `message` and `delta` beside the type: `{type, delta: "…"}`, `{type, text: "…"}`.
 */
function flatDelta({ delta, text }: WireObject): WireObject {
  return { text: delta ?? text }
}

function readCitation(value: unknown, emit: Emit): void {
  const citation = asObject(value)
  if (citation === undefined) return
  const url = firstText(citation, 'url', 'source')
  emitSource({ url, title: firstText(citation, 'title', 'document_title') }, citation, emit)
}

/** A tool that ran at the provider: its result comes whole, an error as an object with its code. */
function readToolResult(block: WireObject, emit: Emit): void {
  const { content } = block
  const isError = block['is_error'] === true || valueAt(content, 'error_code') !== undefined
  emit({ type: 'tool-result', id: asText(block['tool_use_id']) ?? '', output: content, isError })
}
