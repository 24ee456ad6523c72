import type { Usage } from '../chat-event.ts'
import {
  asArray,
  asObject,
  asText,
  firstText,
  isObject,
  valueAt,
  type WireObject,
} from '../wire-value.ts'
import { emitData, emitError, emitFacts, emitReasoning, emitSource, emitText } from './emit.ts'
import type { Emit, WireFormat } from './format.ts'
import { emitFinish, finishReasonOf, isFault, type ObjectReader, objectFormat } from './frames.ts'
import { endCall, feedCall, inputTextOf, newCall, type OpenCall } from './tool-calls.ts'
import { readUsage } from './usage.ts'

/**
 * Cohere Chat: version 2, the event stream and one whole answer; and the stream of version 1, lines
 * of JSON with an `event_type`.
 *
 * End marker: `message-end`, in version 1 `stream-end`.
 * @see https://docs.cohere.com/v2/docs/streaming (read 2026-11-21)
 * @see https://docs.cohere.com/v1/docs/streaming (read 2026-11-21)
 */
export const cohere: WireFormat = /* @__PURE__ */ objectFormat('Cohere', readAnswer)

function readAnswer(): ObjectReader {
  const open = new Map<unknown, OpenCall>()
  /** The documents that version 1 cites by nothing but their ids. */
  const documents = new Map<unknown, WireObject>()
  let callCount = 0
  let sawPlan = false

  function readPlan(plan: unknown, emit: Emit): void {
    emitReasoning(plan, emit)
    sawPlan ||= asText(plan) !== undefined
  }

  /** Reads a message or a piece of one, all but the tool calls. */
  function readMessage(message: WireObject | undefined, emit: Emit): void {
    readPlan(message?.['tool_plan'], emit)
    for (const part of listOf(message?.['content'])) {
      // A piece has no type: which key it has tells.
      emitReasoning(part['thinking'], emit)
      emitText(part['text'], emit)
    }
    for (const citation of listOf(message?.['citations'])) readCitation(citation, emit)
  }

  function readCitation(citation: WireObject, emit: Emit): void {
    const sources = listOf(citation['sources'])
    for (const source of sources) {
      const document = asObject(source['document']) ?? asObject(source['tool_output'])
      readSource(source['id'] ?? document?.['id'], document, citation, emit)
    }
    const ids = asArray(citation['document_ids'])
    for (const id of ids) readSource(id, documents.get(id), citation, emit)
    if (sources.length + ids.length === 0) readSource(undefined, undefined, citation, emit)
  }

  /** Starts a call, or goes on with it. Version 1 has neither ids nor a `function`. */
  function readCall(index: unknown, value: WireObject | undefined, emit: Emit): OpenCall {
    const described = asObject(value?.['function'])
    let call = open.get(index)
    if (call === undefined) {
      callCount++
      call = newCall(asText(value?.['id']) ?? `call-${callCount}`)
      open.set(index, call)
    }
    feedCall(call, described?.['name'] ?? value?.['name'], described?.['arguments'], emit)
    return call
  }

  function endCallAt(index: unknown, emit: Emit, whole?: string): void {
    const call = open.get(index)
    open.delete(index)
    if (call !== undefined) endCall(call, emit, whole)
  }

  /** A piece of a call in version 1, or of the plan that precedes it, which may stand beside it. */
  function readCallChunk(event: WireObject, emit: Emit): void {
    const delta = asObject(event['tool_call_delta']) ?? {}
    const { index, name, parameters } = delta
    readPlan(firstText(event, 'text') ?? delta['text'], emit)
    if (open.has(index) || asText(name) !== undefined) {
      feedCall(readCall(index, delta, emit), name, parameters, emit)
    }
  }

  /** The whole calls of version 1, after their pieces or without any. */
  function readWholeCalls(event: WireObject, emit: Emit): void {
    if (!sawPlan) readPlan(event['text'], emit)
    sawPlan = false
    for (const [index, value] of listOf(event['tool_calls']).entries()) {
      readCall(index, value, emit)
      endCallAt(index, emit, inputTextOf(value['parameters'] ?? {}))
    }
  }

  /** Reads why the answer ended. `holder` is what holds the finish reason, and an error if any. */
  function finish(holder: WireObject | undefined, usage: unknown, emit: Emit): void {
    const word = asText(holder?.['finish_reason'])
    emitFacts({ usage: usageOf(usage) }, emit)
    emitFinish(word, callCount > 0 ? 'tool-calls' : 'stop', emit)
    if (holder?.['error'] || (word && finishReasonOf(word) === 'error')) {
      // The error itself is at most a text: the word for the end is its code.
      return emitError({ ...holder, code: word }, emit)
    }
    for (const index of [...open.keys()]) endCallAt(index, emit)
    emit({ type: 'complete' })
  }

  function readEvent(type: string, event: WireObject, emit: Emit): void {
    const delta = asObject(event['delta'])
    const message = asObject(delta?.['message'])
    const { index } = event
    switch (type) {
      case 'message-start':
        emitFacts({ id: asText(event['id']) }, emit)
        return readMessage(message, emit)
      case 'content-start':
      case 'content-delta':
      case 'tool-plan-delta':
      case 'citation-start':
        return readMessage(message, emit)
      case 'tool-call-start':
        endCallAt(index, emit)
        readCall(index, listOf(message?.['tool_calls'])[0], emit)
        return
      case 'tool-call-delta':
        if (open.has(index)) readCall(index, listOf(message?.['tool_calls'])[0], emit)
        return
      case 'tool-call-end':
        return endCallAt(index, emit)
      case 'content-end':
      case 'citation-end':
        return
      case 'message-end':
        return finish(delta, delta?.['usage'], emit)
      case 'stream-start':
        return emitFacts({ id: asText(event['generation_id']) }, emit)
      case 'text-generation':
        return emitText(event['text'], emit)
      case 'citation-generation':
        return readMessage(event, emit)
      case 'tool-calls-chunk':
        return readCallChunk(event, emit)
      case 'tool-calls-generation':
        return readWholeCalls(event, emit)
      case 'stream-end':
        return finish(event, valueAt(event, 'response', 'meta'), emit)
      case 'search-results':
        for (const document of listOf(event['documents'])) documents.set(document['id'], document)
    }
    emitData(type, event, emit)
  }

  return {
    takesTemplates: true,
    read(payload, frame, emit) {
      const named = firstText(payload, 'type', 'event_type')
      const type = named ?? frame.type
      const message = named === undefined ? payload['message'] : undefined
      // The API's own errors are objects with nothing but a message.
      if (type === 'error' || isFault(payload) || typeof message === 'string') {
        return emitError(payload, emit)
      }
      // A whole answer says why it ended.
      if (!isObject(message) || asText(payload['finish_reason']) === undefined) {
        return readEvent(type, payload, emit)
      }
      emitFacts({ id: asText(payload['id']) }, emit)
      readMessage(message, emit)
      for (const [index, call] of listOf(message['tool_calls']).entries()) {
        readCall(index, call, emit)
      }
      finish(payload, payload['usage'], emit)
    },
    // The reason to finish comes with the end marker: without it the open calls were cut off.
    done: (emit) => finish(undefined, undefined, emit),
  }
}

/** What is one object in a piece of a message and a list of them in a whole one. */
function listOf(value: unknown): readonly WireObject[] {
  return isObject(value) ? [value] : asArray(value).filter(isObject)
}

/** The tokens are what was processed; the billed units beside them are another count. */
function usageOf(value: unknown): Usage | undefined {
  const raw = asObject(value)
  return raw && { ...readUsage({ ...asObject(raw['tokens']), cached: raw['cached_tokens'] }), raw }
}

function readSource(
  id: unknown,
  document: WireObject | undefined,
  citation: WireObject,
  emit: Emit,
): void {
  const url = asText(document?.['url'])
  emitSource({ id: asText(id), url, title: asText(document?.['title']) }, citation, emit)
}
