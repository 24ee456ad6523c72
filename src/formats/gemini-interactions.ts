import type { FinishReason } from '../chat-event.ts'
import { providerError } from '../provider-error.ts'
import { asArray, asObject, asText, defined, isObject, type WireObject } from '../wire-value.ts'
import type { WireDecoder, WireEvent, WireFormat } from './format.ts'
import { DONE, emitText, isKeepalive, malformed, parsePayload } from './frames.ts'
import { type GeminiUsageKeys, geminiUsage } from './gemini-usage.ts'
import { deltaOfCall, endCall, type OpenCall, startCall } from './tool-calls.ts'

type Emit = (event: WireEvent) => void

/**
 * Google's Interactions API: the stream, and one whole `interaction`. The events of the first
 * preview (`interaction.start`, `content.delta`, …) are read as those that took their place.
 *
 * End marker: `interaction.completed`, then `[DONE]`; a status that is final is as good.
 * @see https://ai.google.dev/gemini-api/docs/interactions (read 2026-11-21)
 */
export const geminiInteractions: WireFormat = {
  name: 'Gemini Interactions',
  decoder: decodeInteractions,
}

/** A step between its start and its stop. */
interface Step {
  type: string
  call: OpenCall | undefined
  /** Arguments that came as an object, not as text. */
  wholeInput: string
  result: { id: string; output: unknown; isError: boolean } | undefined
}

/** What the statuses mean that an interaction can end with. */
const FINISH_REASONS = new Map<unknown, FinishReason>([
  ['completed', 'stop'],
  ['requires_action', 'tool-calls'],
  ['requires_continuation', 'length'],
  ['incomplete', 'length'],
  ['budget_exceeded', 'length'],
  ['failed', 'error'],
  ['cancelled', 'unknown'],
])

function decodeInteractions(): WireDecoder {
  const steps = new Map<unknown, Step>()
  const sources = new Set<string>()
  /** Calls for the caller that have no result. */
  const waiting = new Set<string>()
  let status: string | undefined
  let stepCount = 0
  let madeIds = 0
  let ended = false

  function startStep(value: WireObject, emit: Emit): Step {
    const type = asText(value['type']) ?? ''
    const step: Step = { type, call: undefined, wholeInput: '', result: undefined }
    stepCount++
    if (type === 'user_input') return step
    if (type.endsWith('_call')) {
      // The first preview names the function in the first delta.
      if (type !== 'function_call' || asText(value['name'])) startOfCall(step, value, emit)
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

  function startOfCall(step: Step, value: WireObject, emit: Emit): void {
    const { type } = step
    const providerExecuted = type !== 'function_call'
    const id = asText(value['id']) ?? `call-${++madeIds}`
    if (!providerExecuted) waiting.add(id)
    const name = asText(value['name']) ?? type.replace(/_call$/, '')
    step.call = { id, name, inputText: '', ...(providerExecuted && { providerExecuted }) }
    startCall(step.call, emit)
    readArguments(step, value['arguments'], emit)
    readSignature(value, emit, id)
  }

  /** A piece of the arguments' JSON, or all of them as an object. */
  function readArguments(step: Step, value: unknown, emit: Emit): void {
    const { call } = step
    if (call !== undefined && typeof value === 'string') {
      call.inputText += value
      deltaOfCall(call, value, emit)
    } else if (isObject(value) && Object.keys(value).length > 0) {
      step.wholeInput = JSON.stringify(value)
    }
  }

  function readResult(step: Step, value: WireObject): void {
    const before = step.result
    step.result = {
      id: asText(value['call_id']) ?? before?.id ?? '',
      output: value['result'] ?? before?.output,
      isError: typeof value['is_error'] === 'boolean' ? value['is_error'] : !!before?.isError,
    }
  }

  function readDelta(index: unknown, delta: WireObject, emit: Emit): void {
    const type = asText(delta['type']) ?? ''
    let step = steps.get(index)
    if (step?.type === 'user_input') return
    if (type.endsWith('_call') && step?.call === undefined) {
      step = startStep(delta, emit)
      steps.set(index, step)
    } else if (type.endsWith('_call') || type === 'arguments_delta') {
      if (step?.call === undefined) return emit({ type: 'data', name: type, data: delta })
      readArguments(step, delta['arguments'], emit)
      readSignature(delta, emit, step.call.id)
    } else if (type.endsWith('_result')) {
      step ??= startStep(delta, emit)
      steps.set(index, step)
      readResult(step, delta)
    } else {
      readContent(delta, emit, step?.call?.id)
    }
  }

  /** A piece of content, in a delta or whole. */
  function readContent(value: unknown, emit: Emit, callId?: string): void {
    const content = asObject(value)
    if (content === undefined) return
    const type = asText(content['type']) ?? ''
    switch (type) {
      case 'text':
        emitText(asText(content['text']) ?? '', emit)
        for (const annotation of asArray(content['annotations'])) readAnnotation(annotation, emit)
        return
      case 'thought_summary':
        return readThought(content['content'], emit)
      case 'thought_signature':
        return readSignature(content, emit, callId)
      case 'text_annotation_delta':
      case 'text_annotation':
        for (const annotation of asArray(content['annotations'])) readAnnotation(annotation, emit)
        return
      default: {
        const file = fileOf(content)
        if (file !== undefined) return emit({ type: 'file', ...file })
        emit({ type: 'data', name: type || 'content', data: content })
      }
    }
  }

  /** The same source is cited again and again: it is handed on once. */
  function readAnnotation(value: unknown, emit: Emit): void {
    const citation = asObject(value)
    if (citation === undefined) return
    const url = asText(citation['url']) ?? asText(citation['document_uri'])
    const title =
      asText(citation['title']) ?? asText(citation['file_name']) ?? asText(citation['name'])
    const key = url ?? title ?? JSON.stringify(citation)
    if (sources.has(key)) return
    sources.add(key)
    emit({ type: 'source', ...(url && { url }), ...(title && { title }), raw: citation })
  }

  function endStep(step: Step, emit: Emit): void {
    const { call, result } = step
    if (call !== undefined) {
      if (call.inputText === '') {
        call.inputText = step.wholeInput
        deltaOfCall(call, step.wholeInput, emit)
      }
      endCall(call, emit)
    }
    if (result === undefined) return
    waiting.delete(result.id)
    emit({ type: 'tool-result', ...result })
  }

  function endStepAt(index: unknown, emit: Emit): void {
    const step = steps.get(index)
    steps.delete(index)
    if (step !== undefined) endStep(step, emit)
  }

  function readInteraction(interaction: WireObject, emit: Emit): void {
    const id = asText(interaction['id'])
    const model = asText(interaction['model']) ?? asText(interaction['agent'])
    const usage = geminiUsage(asObject(interaction['usage']), USAGE_KEYS)
    status = asText(interaction['status']) ?? status
    const facts = defined({ id, model, usage })
    if (Object.keys(facts).length > 0) emit({ type: 'facts', ...facts })
    // The end repeats the steps, if it has them; only alone they are the answer.
    if (stepCount > 0) return
    for (const value of asArray(interaction['steps'] ?? interaction['outputs'])) {
      if (isObject(value)) endStep(startStep(value, emit), emit)
    }
  }

  /** @param isMarked - Whether the server has said that nothing more comes. */
  function finish(isMarked: boolean, emit: Emit): void {
    const known = FINISH_REASONS.get(status)
    if (ended || (known === undefined && !isMarked)) return
    ended = true
    for (const index of [...steps.keys()]) endStepAt(index, emit)
    const stopped = waiting.size > 0 ? 'tool-calls' : 'stop'
    const finishReason = known === undefined || known === 'stop' ? stopped : known
    emit({ type: 'facts', finishReason, ...(known && status && { rawFinishReason: status }) })
  }

  function complete(interaction: WireObject, emit: Emit): void {
    readInteraction(interaction, emit)
    finish(true, emit)
    const { error } = interaction
    if (error) emit({ type: 'error', error: providerError(interaction) })
    else emit({ type: 'complete' })
  }

  function readEvent(type: string, payload: WireObject, emit: Emit): void {
    const { index } = payload
    const interaction = asObject(payload['interaction']) ?? {}
    const total = asObject(payload['metadata'])?.['total_usage'] ?? payload['usage']
    const usage = geminiUsage(asObject(total), USAGE_KEYS)
    if (usage !== undefined) emit({ type: 'facts', usage })
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
        emit({ type: 'data', name: type, data: payload })
    }
  }

  return {
    marksEnd: () => true,
    push(frame, emit) {
      if (frame.data === DONE) {
        finish(true, emit)
        return emit({ type: 'complete' })
      }
      if (isKeepalive(frame)) return
      if (frame.type === 'error' && !/^\s*[{[]/.test(frame.data)) {
        return emit({ type: 'error', error: providerError(frame.data) })
      }
      const payload = parsePayload(frame, geminiInteractions.name)
      if (!isObject(payload)) {
        throw malformed(frame, geminiInteractions.name, 'its data is not an object')
      }
      const type = asText(payload['event_type']) ?? frame.type
      const isWhole = payload['object'] === 'interaction'
      if (isWhole) return complete(payload, emit)
      if (type === 'error' || payload['error']) {
        return emit({ type: 'error', error: providerError(payload) })
      }
      readEvent(type, payload, emit)
    },
    end(emit) {
      // Without a status that is final the answer was cut, and its open tool calls with it.
      finish(false, emit)
    },
  }
}

function readThought(value: unknown, emit: Emit): void {
  const text = asText(asObject(value)?.['text'])
  if (text !== undefined) emit({ type: 'reasoning', text })
}

/** A follow-up request must give it back, together with the call that it belongs to. */
function readSignature(holder: WireObject, emit: Emit, callId?: string): void {
  const signature = asText(holder['signature'])
  if (signature === undefined) return
  emit({ type: 'data', name: 'thought_signature', data: signature, ...(callId && { id: callId }) })
}

function fileOf(content: WireObject): { mediaType: string; url: string } | undefined {
  const mediaType = asText(content['mime_type']) ?? 'application/octet-stream'
  const base64 = asText(content['data'])
  if (base64 !== undefined) return { mediaType, url: `data:${mediaType};base64,${base64}` }
  const url = asText(content['uri'])
  return url !== undefined && /^https?:/i.test(url) ? { mediaType, url } : undefined
}

const USAGE_KEYS: GeminiUsageKeys = {
  prompt: 'total_input_tokens',
  toolUse: 'total_tool_use_tokens',
  candidates: 'total_output_tokens',
  thoughts: 'total_thought_tokens',
  cached: 'total_cached_tokens',
  total: 'total_tokens',
}
