import type { AnswerFacts, Usage } from '../chat-event.ts'
import { asArray, asObject, asText, firstText, valueAt, type WireObject } from '../wire-value.ts'
import { awaitCalls } from './awaited-calls.ts'
import { emitData, emitError, emitFacts, emitReasoning, emitText } from './emit.ts'
import type { Emit, WireFormat } from './format.ts'
import { finishReasonOf, isFault, type ObjectReader, objectFormat } from './frames.ts'
import { addUsage, readUsage } from './usage.ts'

/**
 * AG-UI, 1.0 and 0.x: CopilotKit, TanStack AI, pydantic-ai, Mastra, Agno and others.
 *
 * Only a call's result tells that the server ran the tool, so a `tool-call` waits for it, or for
 * the end of the run; its arguments do not wait.
 *
 * End marker: `RUN_FINISHED`. Snapshots, state and custom events are handed on as `data`.
 * @see https://docs.ag-ui.com/concepts/events (read 2026-11-21)
 */
export const agui: WireFormat = /* @__PURE__ */ objectFormat('AG-UI', readAnswer)

function readAnswer(): ObjectReader {
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
    if (id !== undefined) {
      if (role !== undefined && role !== 'assistant') foreign.add(id)
      if (foreign.has(id)) return
      if (messageId === undefined) emit({ type: 'facts', id })
      messageId ??= id
    }
    emitText(payload['delta'], emit)
  }

  function readCall(payload: WireObject, id: string | undefined, emit: Emit): void {
    if (id === undefined) return
    const name = firstText(payload, 'toolCallName', 'tool_call_name', 'toolName')
    calls.add(id, name, payload['delta'], emit)
  }

  function finish(payload: WireObject, emit: Emit): void {
    const outcome = asObject(payload['outcome'])
    // A word alone in the drafts.
    const outcomeType = asText(outcome?.['type'] ?? payload['outcome'])
    const about = asObject(payload['metadata'])
    const word = asText(
      valueAt(about, 'tanstack', 'finishReason') ??
        about?.['finishReason'] ??
        payload['finishReason'],
    )
    const model = asText(valueAt(payload, 'usage', 0, 'model'))
    emitFacts({ usage: usageOf(payload['usage']), model }, emit)
    if (payload['result'] != null) emitData('result', payload['result'], emit)
    if (outcomeType === 'interrupt') {
      emitData('interrupt', outcome?.['interrupts'] ?? payload['interrupt'], emit)
    }
    const mustRunTools = calls.isWaiting() || asArray(outcome?.['pendingToolCallIds']).length > 0
    const isOver = outcomeType === undefined || outcomeType === 'success'
    const rawFinishReason = isOver ? (word ?? outcomeType) : outcomeType
    const reason = isOver ? finishReasonOf(word ?? 'stop') : 'unknown'
    // Whose calls are left decides, and not the word: an interrupt may wait for one, too.
    const isFree = /^(?:stop|tool-calls)$/.test(reason) || outcomeType === 'interrupt'
    const settled = mustRunTools ? 'tool-calls' : isOver ? 'stop' : 'unknown'
    const finishReason = isFree ? settled : reason
    interim = { finishReason, ...(rawFinishReason !== undefined && { rawFinishReason }) }
    if (reason === 'tool-calls' && outcomeType === undefined) return
    end(emit)
    emit({ type: 'complete' })
  }

  function end(emit: Emit): void {
    // A call that is whole stays so, though the answer may be cut off before its result.
    calls.end(interim !== undefined, emit)
    if (interim !== undefined) emit({ type: 'facts', ...interim })
  }

  function readEvent(type: string, payload: WireObject, emit: Emit): void {
    const id = firstText(payload, 'messageId', 'message_id')
    const callId = firstText(payload, 'toolCallId', 'tool_call_id')
    if (/^(?:RUN|TEXT|TOOL|REASONING|THINKING)_/.test(type)) {
      interim = undefined
      // Another call, or another event, ends the call that came in chunks.
      const goesOn = callId === chunkCallId || (type === 'TOOL_CALL_CHUNK' && callId === undefined)
      if (!goesOn) calls.markWhole(chunkCallId)
    }
    switch (type) {
      case 'RUN_STARTED':
        if (messageId === undefined) emitFacts({ id: firstText(payload, 'runId', 'run_id') }, emit)
        return
      case 'TEXT_MESSAGE_START':
      case 'TEXT_MESSAGE_CONTENT':
        return readText(payload, id, emit)
      case 'TEXT_MESSAGE_CHUNK':
        chunkMessageId = id ?? chunkMessageId
        return readText(payload, chunkMessageId, emit)
      case 'REASONING_MESSAGE_CONTENT':
      case 'REASONING_MESSAGE_CHUNK':
      case 'THINKING_TEXT_MESSAGE_CONTENT':
        return emitReasoning(payload['delta'], emit)
      case 'TOOL_CALL_START':
      case 'TOOL_CALL_ARGS':
        return readCall(payload, callId, emit)
      case 'TOOL_CALL_CHUNK':
        chunkCallId = callId ?? chunkCallId
        return readCall(payload, chunkCallId, emit)
      case 'TOOL_CALL_END':
        calls.markWhole(callId)
        // TanStack AI's older versions have no event for the result.
        if (payload['result'] != null) calls.answer(callId ?? '', payload['result'], false, emit)
        return
      case 'TOOL_CALL_RESULT': {
        const isError =
          payload['error'] != null ||
          valueAt(payload, 'metadata', 'tanstack', 'state') === 'output-error'
        return calls.answer(callId ?? '', payload['content'], isError, emit)
      }
      case 'RUN_FINISHED':
        return finish(payload, emit)
      case 'CUSTOM':
        return emitData(asText(payload['name']) ?? type, payload['value'], emit)
    }
    // The bounds of texts say nothing. A snapshot repeats what was streamed, so it is data.
    if (!/^(?:TEXT|REASONING|THINKING)_.*(?:START|END)$/.test(type)) emitData(type, payload, emit)
  }

  return {
    takesTemplates: true,
    read(parsed, frame, emit) {
      // TanStack AI's lines of JSON may come in an envelope that holds a place to resume from.
      const payload = parsed['type'] === undefined ? (asObject(parsed['chunk']) ?? parsed) : parsed
      const name = asText(payload['type']) ?? frame.type
      const isError = payload['type'] === undefined && isFault(payload)
      if (!isError && !/^(?:RUN_ERROR|error)$/.test(name)) return readEvent(name, payload, emit)
      const { type: _, ...fault } = payload
      emitError(fault, emit)
    },
    done: (emit) => finish({}, emit),
    end,
  }
}

/** One entry for each model that was asked; TanStack AI sends one object. */
function usageOf(value: unknown): Usage | undefined {
  let sum: Usage | undefined
  for (const entry of Array.isArray(value) ? value : [value]) {
    const usage = readUsage(entry)
    if (usage !== undefined) sum = { ...addUsage(sum, usage), raw: value }
  }
  return sum
}
