import { providerError } from '../provider-error.ts'
import { asArray, asNumber, asObject, asText, isObject, type WireObject } from '../wire-value.ts'
import type { WireDecoder, WireEvent, WireFormat } from './format.ts'
import { DONE, finishReasonOf, isKeepalive, malformed, parsePayload, readUsage } from './frames.ts'
import {
  callOf,
  endOfCall,
  inputText,
  readFiles,
  readResult,
  toolResultOf,
} from './openai-responses-items.ts'
import { deltaOfCall, endCall, type OpenCall, startCall } from './tool-calls.ts'

type Emit = (event: WireEvent) => void
type TextKind = 'text' | 'reasoning' | 'refusal'

/**
 * OpenAI Responses, directly or through Azure, OpenRouter, xAI, LM Studio, vLLM and others; the
 * stream, and one whole `response`.
 *
 * End marker: `response.completed`, `.incomplete` or `.failed`; `[DONE]` (OpenRouter) is as good.
 * @see https://platform.openai.com/docs/api-reference/responses-streaming (read 2026-11-21)
 */
export const openaiResponses: WireFormat = { name: 'OpenAI Responses', decoder: decodeResponses }

/** One item of the answer: a message, a piece of reasoning, a call of a tool. */
interface Item {
  /** What of it came already, by kind and by place: the end of the item holds it once more. */
  seen: Set<string>
  call: OpenCall | undefined
  /** The input that came whole; pieces are preferred to it. */
  wholeInput: string
  isDone: boolean
}

function decodeResponses(): WireDecoder {
  /** By place in the answer. Not by id: GitHub Copilot makes up another one for each event. */
  const items = new Map<unknown, Item>()
  /** The calls that are not over, by their id. */
  const openCalls = new Map<string, Item>()
  /** The calls that the caller must run. */
  const waiting = new Set<string>()
  let id: string | undefined
  let model: string | undefined
  /** Whether anything of the answer came. If not, the last event may hold all of it. */
  let hasContent = false
  let isRefused = false
  let unnamedCalls = 0

  function keyOf(payload: WireObject): unknown {
    const item = asObject(payload['item'])
    return payload['output_index'] ?? payload['item_id'] ?? item?.['id'] ?? item?.['call_id']
  }

  function itemAt(payload: WireObject): Item {
    const key = keyOf(payload)
    let item = items.get(key)
    if (item === undefined) {
      item = newItem()
      items.set(key, item)
    }
    return item
  }

  function startItem(payload: WireObject, emit: Emit): void {
    const value = asObject(payload['item']) ?? {}
    const repeated = openCalls.get(asText(value['call_id']) ?? '')
    const item = repeated ?? newItem()
    items.set(keyOf(payload), item)
    if (repeated === undefined) openCall(item, value, emit)
  }

  function openCall(item: Item, value: WireObject, emit: Emit): void {
    const call = callOf(value)
    if (call === undefined) return
    hasContent = true
    if (call.id === '') call.id = `call-${++unnamedCalls}`
    item.call = call
    item.wholeInput = inputText(value)
    openCalls.set(call.id, item)
    if (call.name !== '') startCall(call, emit)
  }

  function addText(item: Item, kind: TextKind, place: number, text: unknown, emit: Emit): void {
    if (typeof text !== 'string' || text === '') return
    item.seen.add(kind).add(`${kind} ${place}`)
    hasContent = true
    if (kind === 'refusal') isRefused = true
    emit(kind === 'text' ? text : { type: kind, text })
  }

  function readDelta(kind: TextKind, payload: WireObject, emit: Emit): void {
    addText(itemAt(payload), kind, placeOf(payload), payload['delta'], emit)
  }

  /** A text that came in pieces comes whole at its end, sometimes a little different. */
  function readWhole(kind: TextKind, payload: WireObject, text: unknown, emit: Emit): void {
    const item = itemAt(payload)
    const place = placeOf(payload)
    if (!item.isDone && !item.seen.has(`${kind} ${place}`)) addText(item, kind, place, text, emit)
  }

  function readAnnotation(item: Item, value: unknown, emit: Emit): void {
    const annotation = asObject(value)
    if (annotation === undefined) return
    item.seen.add('annotation')
    hasContent = true
    const sourceId = asText(annotation['file_id'])
    const url = asText(annotation['url'])
    const title = asText(annotation['title']) ?? asText(annotation['filename'])
    emit({
      type: 'source',
      ...(sourceId && { id: sourceId }),
      ...(url && { url }),
      ...(title && { title }),
      raw: annotation,
    })
  }

  function readInput(payload: WireObject, emit: Emit): void {
    const { call } = itemAt(payload)
    const piece = asText(payload['delta'])
    if (call === undefined || piece === undefined) return
    call.inputText += piece
    if (call.name !== '') deltaOfCall(call, piece, emit)
  }

  /** The item is over, and comes whole. What came of it before is preferred. */
  function endItem(item: Item, value: WireObject, emit: Emit): void {
    if (item.isDone) return
    item.isDone = true
    hasContent = true
    const type = asText(value['type']) ?? ''
    if (type === 'message') return endMessage(item, value, emit)
    if (type === 'reasoning') return endReasoning(item, value, emit)
    if (item.call === undefined) openCall(item, value, emit)
    if (item.call !== undefined) {
      endCallOf(item, item.call, value, emit)
      return readResult(item.call, value, emit)
    }
    const result = toolResultOf(type, value)
    // The provider ran what looked like the caller's to run.
    if (result !== undefined) waiting.delete(result.id)
    if (result !== undefined) emit({ type: 'tool-result', ...result })
    else if (!readFiles(value, emit)) emit({ type: 'data', name: type || 'item', data: value })
  }

  function endMessage(item: Item, value: WireObject, emit: Emit): void {
    const before = new Set(item.seen)
    for (const [place, content] of asArray(value['content']).entries()) {
      const part = asObject(content)
      if (part === undefined) continue
      if (!before.has('text')) addText(item, 'text', place, part['text'], emit)
      if (!before.has('refusal')) addText(item, 'refusal', place, part['refusal'], emit)
      if (before.has('annotation')) continue
      for (const annotation of asArray(part['annotations'])) readAnnotation(item, annotation, emit)
    }
  }

  function endReasoning(item: Item, value: WireObject, emit: Emit): void {
    const summary = asArray(value['summary'])
    const parts = summary.length > 0 ? summary : asArray(value['content'])
    const isNew = !item.seen.has('reasoning')
    for (const [place, part] of isNew ? parts.entries() : []) {
      addText(item, 'reasoning', place, asObject(part)?.['text'], emit)
    }
    // A conversation that the server does not store goes on with it.
    if (asText(value['encrypted_content'])) emit({ type: 'data', name: 'reasoning', data: value })
  }

  function endCallOf(item: Item, call: OpenCall, value: WireObject, emit: Emit): void {
    item.isDone = true
    openCalls.delete(call.id)
    const isAnnounced = call.name !== ''
    const hadInput = call.inputText !== ''
    endOfCall(call, value, item.wholeInput)
    if (!isAnnounced) startCall(call, emit)
    else if (!hadInput) deltaOfCall(call, call.inputText, emit)
    endCall(call, emit)
    if (!call.providerExecuted) waiting.add(call.id)
  }

  /** Facts from a copy of the response. Its status is final in the last one only. */
  function readHead(response: WireObject, emit: Emit): void {
    const newId = id === undefined ? asText(response['id']) : undefined
    const newModel = model === undefined ? asText(response['model']) : undefined
    id ??= newId
    model ??= newModel
    const usage = readUsage(response['usage'])
    if ((newId ?? newModel ?? usage) === undefined) return
    emit({
      type: 'facts',
      ...(newId && { id: newId }),
      ...(newModel && { model: newModel }),
      ...(usage && { usage }),
    })
  }

  /** The last copy of the response holds the whole output; only what did not come is read. */
  function readOutput(response: WireObject, emit: Emit): void {
    const isWhole = !hasContent
    for (const value of asArray(response['output'])) {
      if (!isObject(value)) continue
      const item = isWhole ? newItem() : openCalls.get(asText(value['call_id']) ?? '')
      if (item !== undefined) endItem(item, value, emit)
    }
  }

  function finish(status: string | undefined, response: WireObject, emit: Emit): void {
    readOutput(response, emit)
    for (const item of [...openCalls.values()]) {
      if (item.call !== undefined) endCallOf(item, item.call, {}, emit)
    }
    const raw = asText(asObject(response['incomplete_details'])?.['reason']) ?? status
    const reason = finishReasonOf(raw ?? 'completed')
    const stopped = waiting.size > 0 ? 'tool-calls' : isRefused ? 'content-filter' : 'stop'
    emit({
      type: 'facts',
      finishReason: reason === 'stop' ? stopped : reason,
      ...(raw !== undefined && { rawFinishReason: raw }),
    })
    emit({ type: 'complete' })
  }

  function endResponse(status: string, payload: WireObject, emit: Emit): void {
    const response = asObject(payload['response']) ?? payload
    readHead(response, emit)
    if (status !== 'failed') return finish(status, response, emit)
    // Calls that are open stay so: nobody is to run them.
    if (!hasContent) readOutput(response, emit)
    const fault = response['error'] ?? payload['error'] ?? response
    emit({ type: 'error', error: providerError(fault) })
  }

  function readEvent(type: string, payload: WireObject, emit: Emit): void {
    switch (type) {
      case 'response.output_text.delta':
        return readDelta('text', payload, emit)
      case 'response.output_text.done':
        return readWhole('text', payload, payload['text'], emit)
      case 'response.reasoning_summary_text.delta':
      case 'response.reasoning_text.delta':
        return readDelta('reasoning', payload, emit)
      case 'response.reasoning_summary_text.done':
      case 'response.reasoning_text.done':
        return readWhole('reasoning', payload, payload['text'], emit)
      case 'response.refusal.delta':
        return readDelta('refusal', payload, emit)
      case 'response.refusal.done':
        return readWhole('refusal', payload, payload['refusal'], emit)
      case 'response.output_text.annotation.added':
        return readAnnotation(itemAt(payload), payload['annotation'], emit)
      case 'response.function_call_arguments.delta':
      case 'response.custom_tool_call_input.delta':
      case 'response.mcp_call_arguments.delta':
      case 'response.code_interpreter_call_code.delta':
        return readInput(payload, emit)
      case 'response.function_call_arguments.done':
      case 'response.custom_tool_call_input.done':
      case 'response.mcp_call_arguments.done':
      case 'response.code_interpreter_call_code.done':
        itemAt(payload).wholeInput = inputText(payload)
        return
      case 'response.output_item.added':
        return startItem(payload, emit)
      case 'response.output_item.done':
        return endItem(itemAt(payload), asObject(payload['item']) ?? {}, emit)
      case 'response.created':
      case 'response.queued':
      case 'response.in_progress':
        return readHead(asObject(payload['response']) ?? {}, emit)
      case 'response.completed':
      case 'response.incomplete':
      case 'response.failed':
      case 'response.cancelled':
        return endResponse(type.slice('response.'.length), payload, emit)
      case 'ping':
      case 'keepalive':
        return
      default:
        // The bounds of a part say nothing that its text and its item do not say.
        if (!/_part\.(?:added|done)$/.test(type)) emit({ type: 'data', name: type, data: payload })
    }
  }

  return {
    marksEnd: () => true,
    push(frame, emit) {
      if (frame.data === DONE) return finish(undefined, {}, emit)
      if (isKeepalive(frame)) return
      if (frame.type === 'error' && !/^\s*[{[]/.test(frame.data)) {
        return emit({ type: 'error', error: providerError(frame.data) })
      }
      const payload = parsePayload(frame, openaiResponses.name)
      if (!isObject(payload)) {
        throw malformed(frame, openaiResponses.name, 'its data is not an object')
      }
      const type = asText(payload['type']) ?? frame.type
      const isWhole = payload['object'] === 'response'
      const isOwn = isWhole || type.startsWith('response.')
      // An error ends the answer: the `response.failed` that often follows says the same again.
      const isError = payload['object'] === 'error' || (payload['error'] && !isOwn)
      if (isError || /^(?:response\.)?error$/.test(type) || frame.type === 'error') {
        return emit({ type: 'error', error: providerError(payload) })
      }
      if (!isWhole) return readEvent(type, payload, emit)
      const status = asText(payload['status']) ?? 'completed'
      // An answer that is made in the background is not there yet.
      if (!/^(?:queued|in_progress)$/.test(status)) return endResponse(status, payload, emit)
      readHead(payload, emit)
      emit({ type: 'data', name: status, data: payload })
    },
    // Whatever is open without an end marker was cut.
    end() {},
  }
}

function newItem(): Item {
  return { seen: new Set(), call: undefined, wholeInput: '', isDone: false }
}

/** Which of its item's texts an event is about. */
function placeOf(payload: WireObject): number {
  return asNumber(payload['summary_index']) ?? asNumber(payload['content_index']) ?? 0
}
