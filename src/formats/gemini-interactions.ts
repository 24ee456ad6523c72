import type { ToolResult } from '../chat-event.ts'
import { asArray, asObject, asText, firstText, valueAt, type WireObject } from '../wire-value.ts'
import {
  emitData,
  emitError,
  emitFacts,
  emitFile,
  emitReasoning,
  emitSource,
  emitText,
} from './emit.ts'
import type { Emit, WireFormat } from './format.ts'
import { emitFinish, isFault, type ObjectReader, objectFormat } from './frames.ts'
import { geminiUsage, INTERACTION_COUNTS } from './gemini-usage.ts'
import { endCall, feedCall, inputTextUnlessEmpty, newCall, type OpenCall } from './tool-calls.ts'

/**
 * Google's Interactions API: the stream, and one whole `interaction`. The events of the first
 * preview (`interaction.start`, `content.delta`, …) are read as those that took their place.
 *
 * End marker: `interaction.completed`, then `[DONE]`; a status that is final is as good.
 * @see https://ai.google.dev/gemini-api/docs/interactions (read 2026-11-21)
 */
export const geminiInteractions: WireFormat = /* @__PURE__ */ objectFormat(
  'Gemini Interactions',
  readAnswer,
)

/** A step between its start and its stop. */
interface Step {
  type: string
  call: OpenCall | undefined
  /** Arguments that came as an object, not as text. */
  wholeInput: string
  result: ToolResult | undefined
}

/** The statuses that an interaction can end with. */
const FINAL = /^(?:completed|requires_\w+|incomplete|budget_exceeded|failed|cancelled)$/

function readAnswer(): ObjectReader {
  const steps = new Map<unknown, Step>()
  const sources = new Set<string>()
  /** Calls for the caller that have no result. */
  const waiting = new Set<string>()
  let status = ''
  let stepCount = 0
  let ended = false

  function startStep(value: WireObject, emit: Emit): Step {
    const type = asText(value['type']) ?? ''
    const step: Step = { type, call: undefined, wholeInput: '', result: undefined }
    stepCount++
    if (type === 'user_input') return step
    if (type.endsWith('_call')) {
      // The first preview names the function in the first delta.
      if (type !== 'function_call' || asText(value['name'])) startCall(step, value, emit)
    } else if (type.endsWith('_result')) {
      readResult(step, value)
    } else if (type === 'model_output' || type === 'thought') {
      for (const content of asArray(value['content'])) readContent(content, emit)
      for (const thought of asArray(value['summary'])) readThought(thought, emit)
      readSignature(value, emit)
    } else {
      readContent(value, emit)
    }
    return step
  }

  function startCall(step: Step, value: WireObject, emit: Emit): void {
    const isProviderExecuted = step.type !== 'function_call'
    const id = asText(value['id']) ?? `call-${stepCount}`
    if (!isProviderExecuted) waiting.add(id)
    step.call = newCall(id, isProviderExecuted)
    feedCall(step.call, asText(value['name']) ?? step.type.replace(/_call$/, ''), '', emit)
    readArguments(step, step.call, value, emit)
  }

  /** A piece of the arguments' JSON, or all of them as an object. */
  function readArguments(step: Step, call: OpenCall, value: WireObject, emit: Emit): void {
    const input = value['arguments']
    feedCall(call, '', input, emit)
    step.wholeInput = inputTextUnlessEmpty(asObject(input)) || step.wholeInput
    readSignature(value, emit, call.id)
  }

  function readResult(step: Step, value: WireObject): void {
    const before = step.result
    const { is_error } = value
    step.result = {
      id: asText(value['call_id']) ?? before?.id ?? '',
      output: value['result'] ?? before?.output,
      isError: typeof is_error === 'boolean' ? is_error : before?.isError === true,
    }
  }

  function readDelta(index: unknown, delta: WireObject, emit: Emit): void {
    const type = asText(delta['type']) ?? ''
    const step = steps.get(index)
    if (step?.type === 'user_input') return
    if (type.endsWith('_call') && step?.call === undefined) {
      steps.set(index, startStep(delta, emit))
    } else if (type.endsWith('_call') || type === 'arguments_delta') {
      if (step?.call === undefined) emitData(type, delta, emit)
      else readArguments(step, step.call, delta, emit)
    } else if (type.endsWith('_result')) {
      if (step === undefined) steps.set(index, startStep(delta, emit))
      else readResult(step, delta)
    } else {
      readContent(delta, emit, step?.call?.id)
    }
  }

  /** A piece of content, in a delta or whole. */
  function readContent(value: unknown, emit: Emit, callId?: string): void {
    const content = asObject(value)
    if (content === undefined) return
    const type = asText(content['type']) ?? 'content'
    switch (type) {
      case 'text':
      case 'text_annotation_delta':
      case 'text_annotation':
        emitText(content['text'], emit)
        for (const annotation of asArray(content['annotations'])) readAnnotation(annotation, emit)
        return
      case 'thought_summary':
        return readThought(content['content'], emit)
      case 'thought_signature':
        return readSignature(content, emit, callId)
      default:
        if (!readFile(content, emit)) emitData(type, content, emit)
    }
  }

  /** The same source is cited again and again: it is handed on once. */
  function readAnnotation(value: unknown, emit: Emit): void {
    const citation = asObject(value)
    if (citation === undefined) return
    const title = firstText(citation, 'title', 'file_name', 'name')
    emitSource({ url: firstText(citation, 'url', 'document_uri'), title }, citation, emit, sources)
  }

  function endStep(step: Step | undefined, emit: Emit): void {
    if (step?.call !== undefined) endCall(step.call, emit, step.wholeInput)
    if (step?.result === undefined) return
    waiting.delete(step.result.id)
    emit({ type: 'tool-result', ...step.result })
  }

  function endStepAt(index: unknown, emit: Emit): void {
    const step = steps.get(index)
    steps.delete(index)
    endStep(step, emit)
  }

  function readInteraction(interaction: WireObject, emit: Emit): void {
    const model = firstText(interaction, 'model', 'agent')
    const usage = geminiUsage(interaction['usage'], INTERACTION_COUNTS)
    emitFacts({ id: asText(interaction['id']), model, usage }, emit)
    status = asText(interaction['status']) ?? status
    // The end repeats the steps, if it has them; only alone they are the answer.
    if (stepCount > 0) return
    for (const value of asArray(interaction['steps'] ?? interaction['outputs'])) {
      const step = asObject(value)
      if (step !== undefined) endStep(startStep(step, emit), emit)
    }
  }

  /** @param isMarked - Whether the server has said that nothing more comes. */
  function finish(isMarked: boolean, emit: Emit): void {
    const isFinal = FINAL.test(status)
    if (ended || !(isFinal || isMarked)) return
    ended = true
    for (const index of [...steps.keys()]) endStepAt(index, emit)
    emitFinish(isFinal ? status : undefined, waiting.size > 0 ? 'tool-calls' : 'stop', emit)
    if (status === 'incomplete') emit({ type: 'facts', finishReason: 'length' })
  }

  function complete(interaction: WireObject, emit: Emit): void {
    readInteraction(interaction, emit)
    // One that is made in the background is not there yet.
    if (/^(?:queued|in_progress)$/.test(asText(interaction['status']) ?? '')) return
    finish(true, emit)
    if (interaction['error']) emitError(interaction, emit)
    else emit({ type: 'complete' })
  }

  function readEvent(type: string, payload: WireObject, emit: Emit): void {
    const { index } = payload
    const interaction = asObject(payload['interaction']) ?? {}
    const total = valueAt(payload, 'metadata', 'total_usage') ?? payload['usage']
    if (total) emitFacts({ usage: geminiUsage(total, INTERACTION_COUNTS) }, emit)
    switch (type.replace(/^content\./, 'step.')) {
      case 'interaction.created':
      case 'interaction.start':
        return readInteraction(interaction, emit)
      case 'interaction.status_update':
        status = asText(payload['status']) ?? status
        return
      case 'interaction.completed':
      case 'interaction.complete':
        return complete(interaction, emit)
      case 'step.start':
        endStepAt(index, emit)
        steps.set(index, startStep(asObject(payload['step'] ?? payload['content']) ?? {}, emit))
        return
      case 'step.delta':
        return readDelta(index, asObject(payload['delta']) ?? {}, emit)
      case 'step.stop':
        return endStepAt(index, emit)
      default:
        emitData(type, payload, emit)
    }
  }

  return {
    read(payload, frame, emit) {
      const type = asText(payload['event_type']) ?? frame.type
      if (payload['object'] === 'interaction') complete(payload, emit)
      else if (type === 'error' || isFault(payload)) emitError(payload, emit)
      else readEvent(type, payload, emit)
    },
    done: (emit) => finish(true, emit),
    // Without a status that is final the answer was cut, and its open tool calls with it.
    end: (emit) => finish(false, emit),
  }
}

/** A follow-up request must give it back, together with the call that it belongs to. */
function readSignature(holder: WireObject, emit: Emit, callId?: string): void {
  const signature = asText(holder['signature'])
  if (signature !== undefined) emitData('thought_signature', signature, emit, callId)
}

/** A piece of a thought's summary: text, or a picture, which is not part of the answer. */
function readThought(value: unknown, emit: Emit): void {
  const text = valueAt(value, 'text')
  if (typeof text === 'string') emitReasoning(text, emit)
  else if (value != null) emitData('thought_summary', value, emit)
}

function readFile(content: WireObject, emit: Emit): boolean {
  const uri = asText(content['uri'])
  const url = uri && /^https?:/i.test(uri) ? uri : undefined
  const mediaType = asText(content['mime_type'])
  return emitFile({ mediaType, base64: asText(content['data']), url }, emit)
}
