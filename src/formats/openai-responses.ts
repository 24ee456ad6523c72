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
import { emitData, emitError, emitFacts, readHead } from './emit.ts'
import type { Emit, WireFormat } from './format.ts'
import { emitFinish, finishReasonOf, isFault, type ObjectReader, objectFormat } from './frames.ts'
import {
  createItems,
  emitAnnotation,
  endOf,
  type Item,
  inputOfItem,
  inputText,
  isProviderExecuted,
  nameOf,
  newItem,
  partsOf,
  readFiles,
  readResult,
  TEXTS,
  type TextKind,
} from './openai-responses-items.ts'
import { orThread } from './openai-responses-threads.ts'
import { endCall, feedCall, newCall, type OpenCall } from './tool-calls.ts'
import { readUsage } from './usage.ts'

/**
 * OpenAI Responses, directly or through Azure, OpenRouter, xAI, LM Studio, vLLM and others; the
 * stream, and one whole `response`. Runs of OpenAI Assistants, too.
 *
 * One response a stream: the body may stay open behind its end. A server that runs the tools itself
 * and goes on with another response needs a format of its own: `chatwire/server`, or `select` here.
 *
 * End marker: `response.completed`, `.incomplete` or `.failed`; `[DONE]` (OpenRouter) is as good.
 * @see https://platform.openai.com/docs/api-reference/responses-streaming (read 2026-11-21)
 */
export const openaiResponses: WireFormat = /* @__PURE__ */ objectFormat('OpenAI Responses', () =>
  orThread(readAnswer()),
)

function readAnswer(): ObjectReader {
  const items = createItems()
  /** The calls that are not over, by their id. */
  const openCalls = new Map<string, Item>()
  /** The calls that the caller must run. */
  const waiting = new Set<string>()
  const head = {}
  /** What kinds of content came. The last event holds all of them. */
  const came = new Set<string>()
  let unnamedCalls = 0

  function startItem(payload: WireObject, emit: Emit): void {
    const value = asObject(payload['item']) ?? {}
    const repeated = openCalls.get(asText(value['call_id']) ?? '')
    const item = repeated ?? newItem()
    items.start(payload, item)
    // A search for tools gets another id at its end, the one that the model expects back.
    const isFinal = value['type'] !== 'tool_search_call'
    if (repeated === undefined && isFinal) openCall(item, value, emit)
  }

  function openCall(item: Item, value: WireObject, emit: Emit): void {
    const isRunByProvider = isProviderExecuted(value)
    if (isRunByProvider === undefined) return
    came.add('call')
    // The model expects `call_id` back. What the provider runs may have none.
    const id = firstText(value, 'call_id', 'id') ?? `call-${++unnamedCalls}`
    item.call = newCall(id, isRunByProvider)
    item.wholeInput = inputText(value)
    openCalls.set(id, item)
    feedCall(item.call, nameOf(value), '', emit)
  }

  function addText(item: Item, kind: TextKind, place: number, value: unknown, emit: Emit): void {
    const text = asText(value)
    if (text === undefined) return
    item.seen.add(kind).add(`${kind} ${place}`)
    came.add(kind)
    emit(kind === 'text' ? text : { type: kind, text })
  }

  function readText(kind: TextKind, payload: WireObject, isDelta: boolean, emit: Emit): void {
    const item = items.at(payload)
    // Which of its item's texts an event is about.
    const place = asNumber(payload['summary_index']) ?? asNumber(payload['content_index']) ?? 0
    if (isDelta) return addText(item, kind, place, payload['delta'], emit)
    // A text that came in pieces comes whole at its end, sometimes a little different.
    if (item.isDone || item.seen.has(`${kind} ${place}`)) return
    addText(item, kind, place, payload['text'] ?? payload['refusal'], emit)
  }

  function readAnnotation(item: Item, value: unknown, emit: Emit): void {
    const annotation = asObject(value)
    if (annotation === undefined) return
    item.seen.add('annotation')
    came.add('annotation')
    emitAnnotation(annotation, emit)
  }

  /** The item is over, and comes whole. What came of it before is preferred. */
  function endItem(item: Item, value: WireObject, emit: Emit): void {
    if (item.isDone) return
    item.isDone = true
    came.add('item')
    const type = asText(value['type']) ?? 'item'
    if (type === 'message' || type === 'reasoning') {
      endTexts(item, value, emit)
      // A conversation that the server does not store goes on with it.
      if (asText(value['encrypted_content'])) emitData('reasoning', value, emit)
      return
    }
    if (item.call === undefined) openCall(item, value, emit)
    if (item.call !== undefined) {
      if (isProviderExecuted(value)) item.call.providerExecuted = true
      endCallOf(item, item.call, value, emit)
      return readResult(item.call, value, emit)
    }
    const id = asText(value['call_id'])
    if (type.endsWith('_output') && id !== undefined) {
      // The provider ran what looked like the caller's to run.
      waiting.delete(id)
      const isError = value['status'] === 'failed'
      const output = value['output'] ?? value['result'] ?? value
      return emit({ type: 'tool-result', id, output, isError })
    }
    if (!readFiles(value, emit)) emitData(type, value, emit)
  }

  function endTexts(item: Item, whole: WireObject, emit: Emit): void {
    const seen = new Set(item.seen)
    for (const { kind, place, value } of partsOf(whole)) {
      if (seen.has(kind)) continue
      if (kind === 'annotation') readAnnotation(item, value, emit)
      else addText(item, kind, place, value, emit)
    }
  }

  function endCallOf(item: Item, call: OpenCall, value: WireObject, emit: Emit): void {
    item.isDone = true
    openCalls.delete(call.id)
    feedCall(call, nameOf(value), '', emit)
    endCall(call, emit, inputText(value) || item.wholeInput || inputOfItem(value))
    if (!call.providerExecuted) waiting.add(call.id)
  }

  /** Reads a copy of the response. Its status is final in the last one only. */
  function readResponse(response: WireObject, emit: Emit): void {
    readHead(head, response['id'], response['model'], emit)
    emitFacts({ usage: readUsage(response['usage']) }, emit)
  }

  /** The last copy of the response holds the whole output; only what did not come is read. */
  function readOutput(response: WireObject, emit: Emit): void {
    const seen = new Set(came)
    for (const value of asArray(response['output'])) {
      if (!isObject(value)) continue
      const open = openCalls.get(asText(value['call_id']) ?? '')
      const isMissing = !seen.has('call') && isProviderExecuted(value) !== undefined
      if (open !== undefined || isMissing || seen.size === 0) {
        endItem(open ?? newItem(), value, emit)
      } else endTexts({ ...newItem(), seen: new Set(seen) }, value, emit)
    }
  }

  function finish(status: string | undefined, response: WireObject, emit: Emit): void {
    readOutput(response, emit)
    for (const item of [...openCalls.values()]) if (item.call) endCallOf(item, item.call, {}, emit)
    const reason = asText(valueAt(response, 'incomplete_details', 'reason'))
    const stopped = came.has('refusal') ? 'content-filter' : 'stop'
    emitFinish(reason ?? status, waiting.size > 0 ? 'tool-calls' : stopped, emit)
    // An answer that is incomplete did not fail, whatever the word for it.
    if (reason !== undefined && !/^(?:length|content-filter)$/.test(finishReasonOf(reason))) {
      emitFacts({ finishReason: 'unknown' }, emit)
    }
    emit({ type: 'complete' })
  }

  function endResponse(status: string, payload: WireObject, emit: Emit): void {
    const response = asObject(payload['response']) ?? payload
    readResponse(response, emit)
    if (status !== 'failed') return finish(status, response, emit)
    // Calls that are open stay so: nobody is to run them.
    if (came.size === 0) readOutput(response, emit)
    emitError(response['error'] ?? payload['error'] ?? response, emit)
  }

  function readEvent(type: string, payload: WireObject, emit: Emit): void {
    // Nearly every event is one of these.
    if (type === 'response.output_text.delta') return readText('text', payload, true, emit)
    const end = type.lastIndexOf('.')
    const what = type.slice('response.'.length, end)
    const isDelta = type.endsWith('.delta')
    const kind = TEXTS.get(what)
    if (kind !== undefined) return readText(kind, payload, isDelta, emit)
    if (/_(?:arguments|input|code)$/.test(what)) {
      const item = items.at(payload)
      if (!isDelta) item.wholeInput = inputText(payload)
      else if (item.call !== undefined) feedCall(item.call, '', payload['delta'], emit)
      return
    }
    switch (type) {
      case 'response.output_text.annotation.added':
        return readAnnotation(items.at(payload), payload['annotation'], emit)
      case 'response.output_item.added':
        return startItem(payload, emit)
      case 'response.output_item.done':
        return endItem(items.at(payload), asObject(payload['item']) ?? {}, emit)
      case 'response.created':
      case 'response.queued':
      case 'response.in_progress':
        return readResponse(asObject(payload['response']) ?? {}, emit)
      case 'response.completed':
      case 'response.done':
        return endResponse(endOf(payload['response']), payload, emit)
      case 'response.incomplete':
      case 'response.failed':
      case 'response.cancelled':
        return endResponse(type.slice(end + 1), payload, emit)
    }
    // The bounds of a part say nothing that its text and its item do not say.
    if (!/_part\.|^(?:ping|keepalive)$/.test(type)) emitData(type, payload, emit)
  }

  return {
    read(payload, frame, emit) {
      const type = asText(payload['type']) ?? frame.type
      const isWhole = payload['object'] === 'response'
      const isOwn = isWhole || type.startsWith('response.')
      // An error ends the answer: the `response.failed` that often follows says the same again.
      const isError = isOwn ? type === 'response.error' : isFault(payload)
      if (isError || frame.type === 'error') return emitError(payload, emit)
      if (!isWhole) return readEvent(type, payload, emit)
      const status = asText(payload['status']) ?? 'completed'
      // An answer that is made in the background is not there yet.
      if (!/^(?:queued|in_progress)$/.test(status)) return endResponse(status, payload, emit)
      readResponse(payload, emit)
      emitData(status, payload, emit)
    },
    // Whatever is open without an end marker was cut.
    done: (emit) => finish(undefined, {}, emit),
  }
}
