import type { FinishReason, Usage } from '../chat-event.ts'
import { providerError } from '../provider-error.ts'
import { asArray, asNumber, asObject, asText, isObject, type WireObject } from '../wire-value.ts'
import type { WireDecoder, WireEvent, WireFormat } from './format.ts'
import {
  DONE,
  emitText,
  finishReasonOf,
  isKeepalive,
  malformed,
  parsePayload,
  readUsage,
} from './frames.ts'
import { deltaOfCall, endCall, type OpenCall, startCall } from './tool-calls.ts'

type Emit = (event: WireEvent) => void

/**
 * Cohere Chat: version 2, the event stream and one whole answer; and the stream of version 1, lines
 * of JSON with an `event_type`.
 *
 * End marker: `message-end`, in version 1 `stream-end`.
 * @see https://docs.cohere.com/v2/docs/streaming (read 2026-11-21)
 * @see https://docs.cohere.com/v1/docs/streaming (read 2026-11-21)
 */
export const cohere: WireFormat = { name: 'Cohere', decoder: decodeCohere }

function decodeCohere(): WireDecoder {
  const open = new Map<unknown, OpenCall>()
  /** The documents that version 1 cites by nothing but their ids. */
  const documents = new Map<unknown, WireObject>()
  let callCount = 0
  let sawPlan = false

  function readId(id: unknown, emit: Emit): void {
    if (asText(id) !== undefined) emit({ type: 'facts', id: String(id) })
  }

  function readPlan(plan: unknown, emit: Emit): void {
    const text = asText(plan)
    if (text === undefined) return
    sawPlan = true
    emit({ type: 'reasoning', text })
  }

  /** Reads a message or a piece of one, all but the tool calls. */
  function readMessage(message: WireObject | undefined, emit: Emit): void {
    readPlan(message?.['tool_plan'], emit)
    for (const part of listOf(message?.['content'])) {
      // A piece has no type: which key it has tells.
      const thinking = asText(part['thinking'])
      if (thinking !== undefined) emit({ type: 'reasoning', text: thinking })
      emitText(asText(part['text']) ?? '', emit)
    }
    for (const citation of listOf(message?.['citations'])) readCitation(citation, emit)
  }

  function readCitation(citation: WireObject, emit: Emit): void {
    const sources = listOf(citation['sources'])
    for (const source of sources) {
      const document = asObject(source['document']) ?? asObject(source['tool_output'])
      emitSource(source['id'] ?? document?.['id'], document, citation, emit)
    }
    const ids = asArray(citation['document_ids'])
    for (const id of ids) emitSource(id, documents.get(id), citation, emit)
    if (sources.length + ids.length === 0) emitSource(undefined, undefined, citation, emit)
  }

  function startCallAt(index: unknown, value: WireObject | undefined, emit: Emit): OpenCall {
    endCallAt(index, emit)
    callCount++
    const described = asObject(value?.['function'])
    const call: OpenCall = {
      // Version 1 has neither ids nor a `function`.
      id: asText(value?.['id']) ?? `call-${callCount}`,
      name: asText(described?.['name']) ?? asText(value?.['name']) ?? '',
      inputText: asText(described?.['arguments']) ?? '',
    }
    open.set(index, call)
    startCall(call, emit)
    return call
  }

  function addToCall(call: OpenCall | undefined, value: unknown, emit: Emit): void {
    const piece = asText(value)
    if (call === undefined || piece === undefined) return
    call.inputText += piece
    deltaOfCall(call, piece, emit)
  }

  function endCallAt(index: unknown, emit: Emit): void {
    const call = open.get(index)
    if (call === undefined) return
    open.delete(index)
    endCall(call, (event) => {
      // `null` is what Cohere writes for a call without arguments.
      const isNull = typeof event === 'object' && event.type === 'tool-call' && event.input === null
      emit(isNull ? { ...event, input: {} } : event)
    })
  }

  /** A piece of a call in version 1, or of the plan that precedes it. */
  function readCallChunk(delta: WireObject, emit: Emit): void {
    const { index } = delta
    readPlan(delta['text'], emit)
    const call = open.get(index)
    if (call !== undefined) return addToCall(call, delta['parameters'], emit)
    if (asText(delta['name']) === undefined) return
    addToCall(startCallAt(index, delta, emit), delta['parameters'], emit)
  }

  /** The whole calls of version 1, after their pieces or without any. */
  function readWholeCalls(event: WireObject, emit: Emit): void {
    if (!sawPlan) readPlan(event['text'], emit)
    sawPlan = false
    for (const [index, value] of listOf(event['tool_calls']).entries()) {
      const call = open.get(index) ?? startCallAt(index, value, emit)
      if (call.inputText === '') addToCall(call, JSON.stringify(value['parameters'] ?? {}), emit)
      endCallAt(index, emit)
    }
  }

  /** Reads why the answer ended. `holder` is what holds the finish reason, and an error if any. */
  function finish(holder: WireObject | undefined, usage: Usage | undefined, emit: Emit): void {
    const reason = asText(holder?.['finish_reason'])
    const finishReason = reasonOf(reason)
    emit({
      type: 'facts',
      finishReason: finishReason === 'stop' && callCount > 0 ? 'tool-calls' : finishReason,
      ...(reason && { rawFinishReason: reason }),
      ...(usage && { usage }),
    })
    if (finishReason === 'error' || holder?.['error']) {
      // The error itself is at most a text: the word for the end is its code.
      return emit({ type: 'error', error: providerError({ ...holder, code: reason }) })
    }
    for (const index of [...open.keys()]) endCallAt(index, emit)
    emit({ type: 'complete' })
  }

  function readEvent(type: string, event: WireObject, emit: Emit): void {
    const delta = asObject(event['delta'])
    const message = asObject(delta?.['message'])
    const call = listOf(message?.['tool_calls'])[0]
    switch (type) {
      case 'message-start':
        readId(event['id'], emit)
        return readMessage(message, emit)
      case 'content-start':
      case 'content-delta':
      case 'tool-plan-delta':
      case 'citation-start':
        return readMessage(message, emit)
      case 'tool-call-start':
        startCallAt(event['index'], call, emit)
        return
      case 'tool-call-delta': {
        const piece = asObject(call?.['function'])?.['arguments']
        return addToCall(open.get(event['index']), piece, emit)
      }
      case 'tool-call-end':
        return endCallAt(event['index'], emit)
      case 'content-end':
      case 'citation-end':
        return
      case 'message-end':
        return finish(delta, usageOf(delta?.['usage']), emit)
      case 'stream-start':
        return readId(event['generation_id'], emit)
      case 'text-generation':
        return emitText(asText(event['text']) ?? '', emit)
      case 'citation-generation':
        return readMessage(event, emit)
      case 'tool-calls-chunk':
        return readCallChunk(asObject(event['tool_call_delta']) ?? {}, emit)
      case 'tool-calls-generation':
        return readWholeCalls(event, emit)
      case 'stream-end':
        return finish(event, usageOf(asObject(event['response'])?.['meta']), emit)
      case 'search-results':
        for (const document of listOf(event['documents'])) documents.set(document['id'], document)
    }
    emit({ type: 'data', name: type, data: event })
  }

  function readWholeAnswer(answer: WireObject, message: WireObject, emit: Emit): void {
    readId(answer['id'], emit)
    readMessage(message, emit)
    for (const [index, call] of listOf(message['tool_calls']).entries()) {
      startCallAt(index, call, emit)
    }
    finish(answer, usageOf(answer['usage']), emit)
  }

  return {
    marksEnd: () => true,
    push(frame, emit) {
      if (frame.data === DONE) return finish(undefined, undefined, emit)
      if (isKeepalive(frame)) return
      if (frame.type === 'error' && !/^\s*[{[]/.test(frame.data)) {
        return emit({ type: 'error', error: providerError(frame.data) })
      }
      const payload = parsePayload(frame, cohere.name)
      if (!isObject(payload)) throw malformed(frame, cohere.name, 'its data is not an object')
      const named = asText(payload['type']) ?? asText(payload['event_type'])
      const type = named ?? frame.type
      const message = named === undefined ? payload['message'] : undefined
      // The API's own errors are objects with nothing but a message.
      if (type === 'error' || payload['error'] || typeof message === 'string') {
        return emit({ type: 'error', error: providerError(payload) })
      }
      if (isObject(message)) return readWholeAnswer(payload, message, emit)
      readEvent(type, payload, emit)
    },
    // The reason to finish comes with the end marker: without it the open calls were cut off.
    end() {},
  }
}

/** What is one object in a piece of a message and a list of them in a whole one. */
function listOf(value: unknown): readonly WireObject[] {
  return isObject(value) ? [value] : asArray(value).filter(isObject)
}

function reasonOf(word: string | undefined): FinishReason {
  switch (word) {
    case undefined:
    case 'COMPLETE':
      return 'stop'
    case 'TIMEOUT':
      return 'error'
    // The words of version 1 for a full context and for a text that was deemed toxic.
    case 'ERROR_LIMIT':
      return 'length'
    case 'ERROR_TOXIC':
      return 'content-filter'
    default:
      return finishReasonOf(word)
  }
}

/** The tokens are what was processed; the billed units beside them are another count. */
function usageOf(value: unknown): Usage | undefined {
  const raw = asObject(value)
  if (raw === undefined) return undefined
  const cachedInputTokens = asNumber(raw['cached_tokens'])
  return { ...readUsage({ ...asObject(raw['tokens']), cachedInputTokens }), raw }
}

function emitSource(
  sourceId: unknown,
  document: WireObject | undefined,
  raw: WireObject,
  emit: Emit,
): void {
  const id = asText(sourceId)
  const url = asText(document?.['url'])
  const title = asText(document?.['title'])
  emit({ type: 'source', ...(id && { id }), ...(url && { url }), ...(title && { title }), raw })
}
