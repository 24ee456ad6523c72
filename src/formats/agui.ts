import type { AnswerFacts, Usage } from '../chat-event.ts'
import { providerError } from '../provider-error.ts'
import { asArray, asObject, asText, isObject, type WireObject } from '../wire-value.ts'
import { awaitCalls } from './awaited-calls.ts'
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

type Emit = (event: WireEvent) => void

/**
 * AG-UI, 1.0 and 0.x: CopilotKit, TanStack AI, pydantic-ai, Mastra, Agno and others.
 *
 * Only a call's result tells that the server ran the tool, so a `tool-call` waits for it, or for
 * the end of the run; its arguments do not wait.
 *
 * End marker: `RUN_FINISHED`. Snapshots, state and custom events are handed on as `data`.
 * @see https://docs.ag-ui.com/concepts/events (read 2026-11-21)
 */
export const agui: WireFormat = { name: 'AG-UI', decoder: decodeAgui }

function decodeAgui(): WireDecoder {
  const calls = awaitCalls()
  /** Messages that are not the answer: a server may repeat the user's. */
  const foreign = new Set<string>()
  let messageId: string | undefined
  /** What chunks without an id go on with. */
  let chunkMessageId: string | undefined
  let chunkCallId: string | undefined
  /** What a run said that ended for tool calls. The server may run them and start another run. */
  let interim: AnswerFacts | undefined

  function readText(payload: WireObject, id: string | undefined, emit: Emit): void {
    const role = asText(payload['role'])
    if (id !== undefined && role !== undefined && role !== 'assistant') foreign.add(id)
    if (id !== undefined && foreign.has(id)) return
    if (messageId === undefined && id !== undefined) {
      messageId = id
      emit({ type: 'facts', id })
    }
    emitText(asText(payload['delta']) ?? '', emit)
  }

  function readCall(payload: WireObject, id: string | undefined, emit: Emit): void {
    if (id === undefined) return
    const name = textOf(payload, 'toolCallName', 'tool_call_name')
    calls.add(id, name, asText(payload['delta']) ?? '', emit)
  }

  function readResult(payload: WireObject, id: string | undefined, emit: Emit): void {
    const isError = payload['error'] != null || tanstack(payload)?.['state'] === 'output-error'
    calls.answer(id ?? '', payload['content'], isError, emit)
  }

  function finish(payload: WireObject, emit: Emit): void {
    const outcome = asObject(payload['outcome'])
    const outcomeType = asText(outcome?.['type'])
    const word = asText(tanstack(payload)?.['finishReason']) ?? asText(payload['finishReason'])
    const usage = usageOf(payload['usage'])
    const model = asText(asObject(asArray(payload['usage'])[0])?.['model'])
    emit({ type: 'facts', ...(usage && { usage }), ...(model && { model }) })
    if (payload['result'] != null) {
      emit({ type: 'data', name: 'result', data: payload['result'] })
    }
    if (outcomeType === 'interrupt') {
      emit({ type: 'data', name: 'interrupt', data: outcome?.['interrupts'] })
    }
    const mustRunTools = calls.isWaiting() || asArray(outcome?.['pendingToolCallIds']).length > 0
    const isOver = outcomeType === undefined || outcomeType === 'success'
    const raw = isOver ? (word ?? outcomeType) : outcomeType
    const reason = isOver ? finishReasonOf(word ?? 'stop') : 'unknown'
    // Whose calls are left decides, and not the word: an interrupt may wait for one, too.
    const isFree = /^(?:stop|tool-calls)$/.test(reason) || outcomeType === 'interrupt'
    const settled = mustRunTools ? 'tool-calls' : isOver ? 'stop' : 'unknown'
    const facts: AnswerFacts = {
      finishReason: isFree ? settled : reason,
      ...(raw !== undefined && { rawFinishReason: raw }),
    }
    if (reason === 'tool-calls' && outcomeType === undefined) {
      interim = facts
      return
    }
    calls.end(true, emit)
    emit({ type: 'facts', ...facts })
    emit({ type: 'complete' })
  }

  function readEvent(type: string, payload: WireObject, emit: Emit): void {
    const id = textOf(payload, 'messageId', 'message_id')
    const callId = textOf(payload, 'toolCallId', 'tool_call_id')
    if (/^(?:RUN|TEXT|TOOL|REASONING|THINKING)_/.test(type)) {
      interim = undefined
      if (chunkCallId !== undefined && callId !== chunkCallId && type !== 'TOOL_CALL_CHUNK') {
        calls.markWhole(chunkCallId)
      }
    }
    switch (type) {
      case 'RUN_STARTED': {
        const runId = textOf(payload, 'runId', 'run_id')
        if (runId !== undefined && messageId === undefined) emit({ type: 'facts', id: runId })
        return
      }
      case 'TEXT_MESSAGE_START':
      case 'TEXT_MESSAGE_CONTENT':
        return readText(payload, id, emit)
      case 'TEXT_MESSAGE_CHUNK':
        chunkMessageId = id ?? chunkMessageId
        return readText(payload, chunkMessageId, emit)
      case 'REASONING_MESSAGE_CONTENT':
      case 'REASONING_MESSAGE_CHUNK':
      case 'THINKING_TEXT_MESSAGE_CONTENT': {
        const text = asText(payload['delta'])
        if (text !== undefined) emit({ type: 'reasoning', text })
        return
      }
      case 'TOOL_CALL_START':
      case 'TOOL_CALL_ARGS':
        return readCall(payload, callId, emit)
      case 'TOOL_CALL_CHUNK':
        if (callId !== undefined && callId !== chunkCallId) {
          if (chunkCallId !== undefined) calls.markWhole(chunkCallId)
          chunkCallId = callId
        }
        return readCall(payload, chunkCallId, emit)
      case 'TOOL_CALL_END':
        if (callId !== undefined) calls.markWhole(callId)
        return
      case 'TOOL_CALL_RESULT':
        return readResult(payload, callId, emit)
      case 'RUN_FINISHED':
        return finish(payload, emit)
      case 'CUSTOM':
        return emit({ type: 'data', name: asText(payload['name']) ?? type, data: payload['value'] })
      case 'TEXT_MESSAGE_END':
      case 'REASONING_START':
      case 'REASONING_MESSAGE_START':
      case 'REASONING_MESSAGE_END':
      case 'REASONING_END':
      case 'THINKING_START':
      case 'THINKING_TEXT_MESSAGE_START':
      case 'THINKING_TEXT_MESSAGE_END':
      case 'THINKING_END':
        return
      default:
        // A snapshot of the messages among them: it repeats what was streamed.
        emit({ type: 'data', name: type, data: payload })
    }
  }

  return {
    marksEnd: () => true,
    push(frame, emit) {
      if (frame.data === DONE) return finish({}, emit)
      if (isKeepalive(frame)) return
      const parsed = parsePayload(frame, agui.name)
      if (!isObject(parsed)) throw malformed(frame, agui.name, 'its data is not an object')
      // TanStack AI's lines of JSON may come in an envelope that holds a place to resume from.
      const payload = parsed['type'] === undefined ? (asObject(parsed['chunk']) ?? parsed) : parsed
      const type = asText(payload['type']) ?? frame.type
      if (type === 'RUN_ERROR' || type === 'error' || isBareError(payload)) {
        const { type: _, ...fault } = payload
        return emit({ type: 'error', error: providerError(fault) })
      }
      readEvent(type, payload, emit)
    },
    end(emit) {
      // A call that is whole stays so, though the answer may be cut off before its result.
      calls.end(interim !== undefined, emit)
      if (interim !== undefined) emit({ type: 'facts', ...interim })
    },
  }
}

/** A text under its name in 1.0, or under the one that hand-made servers give it. */
function textOf(payload: WireObject, name: string, snakeName: string): string | undefined {
  return asText(payload[name]) ?? asText(payload[snakeName])
}

/** What TanStack AI adds to an event. */
function tanstack(payload: WireObject): WireObject | undefined {
  return asObject(asObject(payload['metadata'])?.['tanstack'])
}

function isBareError(payload: WireObject): boolean {
  return payload['type'] === undefined && Boolean(payload['error'])
}

/** One entry for each model that was asked; TanStack AI sends one object. */
function usageOf(value: unknown): Usage | undefined {
  const entries = Array.isArray(value) ? value : [value]
  let sum: Usage | undefined
  for (const entry of entries) {
    const usage = readUsage(entry)
    if (usage === undefined) continue
    sum ??= { raw: value }
    for (const key of COUNTS) {
      const count = usage[key]
      if (count !== undefined) sum[key] = (sum[key] ?? 0) + count
    }
  }
  return sum
}

const COUNTS = [
  'inputTokens',
  'outputTokens',
  'totalTokens',
  'cachedInputTokens',
  'reasoningTokens',
] as const
