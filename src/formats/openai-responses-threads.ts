import { asArray, asObject, asText, valueAt, type WireObject } from '../wire-value.ts'
import { emitData, emitError, emitFacts, emitText, readHead } from './emit.ts'
import type { Emit } from './format.ts'
import { emitFinish, type ObjectReader } from './frames.ts'
import { emitAnnotation } from './openai-responses-items.ts'
import { endCall, feedCall, newCall, type OpenCall } from './tool-calls.ts'
import { readUsage } from './usage.ts'

/** Reads the answer with `reader`, or a run of Assistants if its events have the names of one. */
export function orThread(reader: ObjectReader): ObjectReader {
  let thread: ReturnType<typeof readThread> | undefined
  return {
    ...reader,
    read(payload, frame, emit) {
      if (!frame.type.startsWith('thread.')) return reader.read(payload, frame, emit)
      thread ??= readThread()
      thread(frame.type, payload, emit)
    },
  }
}

/**
 * Runs of OpenAI Assistants, the API before Responses. Its events are told by their names alone.
 *
 * End marker: `thread.run.completed`, `.requires_action`, `.failed` and the like; then `[DONE]`.
 */
function readThread(): (event: string, payload: WireObject, emit: Emit) => void {
  const head = {}
  /** The calls that are not over, by their place in the step, and by their id. */
  const calls = new Map<unknown, OpenCall>()
  /** The messages that came in pieces. They come whole at their end. */
  const written = new Set<unknown>()
  let isRefused = false

  function readContent(parts: unknown, emit: Emit): void {
    for (const value of asArray(parts)) {
      const part = asObject(value) ?? {}
      const refusal = asText(part['refusal'])
      emitText(valueAt(part, 'text', 'value'), emit)
      for (const annotation of asArray(valueAt(part, 'text', 'annotations'))) {
        emitAnnotation(asObject(annotation) ?? {}, emit)
      }
      if (part['type'] === 'image_file') emitData('image_file', part, emit)
      if (refusal === undefined) continue
      isRefused = true
      emit({ type: 'refusal', text: refusal })
    }
  }

  function readCalls(values: unknown, isWhole: boolean, emit: Emit): void {
    for (const value of asArray(values)) {
      const { id, index, type, ...rest } = asObject(value) ?? {}
      const kind = asText(type) ?? 'function'
      const tool = asObject(rest[kind]) ?? {}
      // What came whole has no place, and later pieces no id.
      const place = index ?? id
      const call =
        calls.get(id) ?? calls.get(place) ?? newCall(asText(id) ?? '', type !== 'function')
      calls.set(id ?? call.id, call).set(place, call)
      const piece = asText(tool['arguments']) ?? asText(tool['input'])
      const name = asText(tool['name']) ?? (call.providerExecuted && kind)
      feedCall(call, name, isWhole ? '' : piece, emit)
      if (!isWhole) continue
      calls.delete(id)
      endCall(call, emit, piece)
      const output = tool['outputs'] ?? tool['results']
      if (output != null) emit({ type: 'tool-result', id: call.id, output, isError: false })
    }
  }

  return (event, payload, emit) => {
    switch (event) {
      case 'thread.message.delta':
        written.add(payload['id'])
        return readContent(valueAt(payload, 'delta', 'content'), emit)
      case 'thread.message.completed':
      case 'thread.message.incomplete':
        if (!written.has(payload['id'])) readContent(payload['content'], emit)
        return
      case 'thread.run.step.created':
        calls.clear()
        return
      case 'thread.run.step.delta':
        return readCalls(valueAt(payload, 'delta', 'step_details', 'tool_calls'), false, emit)
      case 'thread.run.step.completed': {
        const whole = asArray(valueAt(payload, 'step_details', 'tool_calls'))
        const ownTools = whole.filter((call) => valueAt(call, 'type') !== 'function')
        return readCalls(ownTools, true, emit)
      }
    }
    if (/^thread\.run\.[a-z_]+$/.test(event)) return readRun(event, payload, emit)
    emitData(event, payload, emit)
  }

  function readRun(event: string, run: WireObject, emit: Emit): void {
    const status = event.slice('thread.run.'.length)
    readHead(head, run['id'], run['model'], emit)
    emitFacts({ usage: readUsage(run['usage']) }, emit)
    if (/^(?:created|queued|in_progress|cancelling)$/.test(status)) return
    if (status === 'failed') return emitError(run['last_error'] ?? run, emit)
    readCalls(valueAt(run, 'required_action', 'submit_tool_outputs', 'tool_calls'), true, emit)
    const reason = asText(valueAt(run, 'incomplete_details', 'reason')) ?? status
    emitFinish(reason, isRefused ? 'content-filter' : 'stop', emit)
    emit({ type: 'complete' })
  }
}
