import type { SseEvent } from '../framing/sse.ts'
import {
  asArray,
  asObject,
  asText,
  isObject,
  parseJson,
  valueAt,
  type WireObject,
} from '../wire-value.ts'
import { awaitCalls } from './awaited-calls.ts'
import { emitData, emitError, emitFacts, emitText } from './emit.ts'
import type { Emit, WireDecoder, WireFormat } from './format.ts'
import { DONE, isFault, isKeepalive, parsePayload } from './frames.ts'
import { messagesIn, readMessages, roleOf, type StreamMode, unwrap } from './langgraph-messages.ts'
import { readProtocol } from './langgraph-protocol.ts'

/**
 * LangGraph: the platform's stream modes, its protocol v2, and LangServe.
 *
 * Text is that of the `messages` modes; only where none is on is it that of new messages in the
 * state. Only a call's result tells that the graph ran the tool, so a `tool-call` waits for it, or
 * for the end. Everything else is handed on as `data`, under its whole name on the wire.
 *
 * LangGraph has no end marker: a model that has stopped may be asked again. So a body that just ends
 * has the finish reason `'unknown'` where the model said `stop`, or nothing. LangServe ends with
 * `event: end`, protocol v2 when the run has completed.
 * @see https://docs.langchain.com/langgraph-platform/streaming (read 2026-11-21)
 */
export const langgraph: WireFormat = { name: 'LangGraph', decoder: decodeLanggraph }

const PIECES: StreamMode = { name: 'messages', extent: 'piece' }
const SO_FAR: StreamMode = { name: 'messages/', extent: 'so-far' }
const WHOLE: StreamMode = { name: 'messages/', extent: 'whole' }
const EVENTS: StreamMode = { name: 'events', extent: 'piece' }
const SERVED: StreamMode = { name: 'data', extent: 'piece' }

function decodeLanggraph(): WireDecoder {
  const calls = awaitCalls()
  const messages = readMessages(calls)
  const protocol = readProtocol(calls)
  /** The messages that the conversation began with; `undefined` before the state first came. */
  let history: Set<unknown> | undefined

  function isNew({ id, tool_call_id }: WireObject): boolean {
    return history?.has(tool_call_id ?? id) !== true
  }

  /** The whole state. The first one is what the run was given. */
  function readValues(state: unknown, emit: Emit): void {
    const all = messagesIn(state)
    if (history === undefined) {
      history = new Set(all.map(({ id, tool_call_id }) => tool_call_id ?? id))
      return
    }
    for (const message of all.filter(isNew)) messages.readState(message, emit)
  }

  /** What each node changed in the state. */
  function readUpdates(update: unknown, emit: Emit): void {
    for (const change of Object.values(asObject(update) ?? {})) {
      const all = messagesIn(change)
      // A node that is itself a graph hands back the whole conversation, of which the end is new.
      const start = all.map(roleOf).lastIndexOf('user') + 1
      for (const message of all.slice(start).filter(isNew)) messages.readState(message, emit)
    }
  }

  /** An event of LangChain's `astream_events`. */
  function readRunnableEvent(name: string, event: WireObject, mode: StreamMode, emit: Emit): void {
    const kind = asText(event['event'])
    const { chunk, output } = asObject(event['data']) ?? {}
    if (kind === 'on_chat_model_stream' && isObject(chunk)) {
      return messages.read(chunk, mode, asText(event['run_id']) ?? '', emit)
    }
    const result = kind === 'on_tool_end' ? unwrap(output) : undefined
    if (result !== undefined) messages.readState(result, emit)
    emitData(kind ?? name, event, emit)
  }

  /** LangServe's `data`: text, a message, an event, a patch, or what else the chain puts out. */
  function readServed(chunk: unknown, emit: Emit): void {
    if (typeof chunk === 'string') return emitText(chunk, emit)
    const ops = isObject(chunk) ? chunk['ops'] : chunk
    if (Array.isArray(ops)) {
      for (const op of ops) {
        if (valueAt(op, 'path') === '/streamed_output/-') readServed(op.value, emit)
      }
      return emitData('data', chunk, emit)
    }
    if (isObject(chunk) && ('content' in chunk || 'lc' in chunk)) {
      return messages.read(chunk, SERVED, '', emit)
    }
    if (isObject(chunk) && asText(chunk['event']) !== undefined) {
      return readRunnableEvent('data', chunk, SERVED, emit)
    }
    if (chunk !== null) emitData('data', chunk, emit)
  }

  function readMode(name: string, payload: unknown, emit: Emit): void {
    const [mode, namespace = ''] = name.split(/\|(.*)/s, 2)
    switch (mode) {
      case 'metadata':
        return emitFacts({ id: asText(valueAt(payload, 'run_id')) }, emit)
      case 'messages':
        return messages.read(asArray(payload)[0], PIECES, namespace, emit)
      case 'messages/partial':
      case 'messages/complete':
        for (const message of asArray(payload)) {
          messages.read(message, mode === 'messages/partial' ? SO_FAR : WHOLE, namespace, emit)
        }
        return
      case 'values':
        if (namespace === '') readValues(payload, emit)
        break
      case 'updates':
        readUpdates(payload, emit)
        break
      case 'events':
        if (isObject(payload)) return readRunnableEvent(name, payload, EVENTS, emit)
        break
      case 'data':
        return readServed(payload, emit)
      case 'error':
        return emitError(payload, emit)
    }
    if (payload !== null) emitData(name, payload, emit)
  }

  function settle(isMarked: boolean, emit: Emit): void {
    const said = protocol.finish() ?? messages.finish()
    const isWaiting = calls.isWaiting()
    calls.end(isMarked || said !== undefined, emit)
    if (said === undefined) {
      if (isMarked && isWaiting) emit({ type: 'facts', finishReason: 'tool-calls' })
      return
    }
    // A model that called tools and got their results was to go on; one that said `stop` may call.
    const { finishReason, ...raw } = said
    const mustRunTools = isWaiting && /^(?:stop|tool-calls)$/.test(finishReason ?? '')
    const isSure = isMarked || protocol.isCompleted() || finishReason !== 'stop'
    if (mustRunTools) emit({ type: 'facts', ...said, finishReason: 'tool-calls' })
    else if (!isSure) emit({ type: 'facts', ...raw })
    else if (finishReason !== 'tool-calls') emit({ type: 'facts', ...said })
  }

  function complete(emit: Emit): void {
    settle(true, emit)
    emit({ type: 'complete' })
  }

  return {
    marksEnd: () => false,
    push(frame, emit, parsed) {
      if (frame.type === 'end' || frame.data === DONE) return complete(emit)
      if (isKeepalive(frame)) return
      if (frame.type === 'error' || frame.type.startsWith('error|')) {
        // A failure may come in plain words.
        return emitError(parsed ?? parseJson(frame.data) ?? frame.data, emit)
      }
      const payload = parsed ?? parsePayload(frame, langgraph.name)
      const object = asObject(payload)
      const method = asText(object?.['method'])
      const params = asObject(object?.['params'])
      if (method !== undefined && params !== undefined) return protocol.read(method, params, emit)
      const name = frame.type === 'message' ? nameIn(payload) : frame.type
      if (name === 'end') return complete(emit)
      if (object !== undefined && name?.startsWith('on_')) {
        return readRunnableEvent(name, object, EVENTS, emit)
      }
      if (name !== undefined) return readMode(name, dataOf(frame, payload), emit)
      if (object !== undefined && isFault(object)) return emitError(payload, emit)
      // A chunk of LangChain as a route of one's own writes it, serialised in Python or JavaScript.
      if (isMessage(object)) return readServed(object, emit)
      emitData(frame.type, payload, emit)
    },
    end: (emit) => settle(false, emit),
  }
}

/**
 * The name that a payload holds, where its frame has none: a route of one's own writes what
 * `graph.stream` gives, `[mode, data]`, `[namespace, mode, data]` or, of one mode alone,
 * `[message, metadata]`; or the same as `{event, data}`.
 */
export function nameIn(payload: unknown): string | undefined {
  if (!Array.isArray(payload)) return asText(valueAt(payload, 'event'))
  const [first, second] = payload
  if (Array.isArray(first)) return asText(second) && [second, ...first].join('|')
  return isMessage(first) ? 'messages' : asText(first)
}

/** What the name is about. */
function dataOf(frame: SseEvent, payload: unknown): unknown {
  if (frame.type !== 'message') return payload
  if (!Array.isArray(payload)) return valueAt(payload, 'data')
  return isMessage(payload[0]) ? payload : payload.at(-1)
}

/** Whether it is a message of LangChain's, as Python or JavaScript serialises it. */
export function isMessage(value: unknown): boolean {
  return isObject(value) && (value['type'] === 'AIMessageChunk' || isObject(value['kwargs']))
}
