import { providerError } from '../provider-error.ts'
import { asArray, asObject, asText, isObject, parseJson, type WireObject } from '../wire-value.ts'
import type { WireDecoder, WireEvent, WireFormat } from './format.ts'
import {
  DONE,
  emitText,
  finishReasonOf,
  isKeepalive,
  malformed,
  mediaTypeOf,
  parsePayload,
  readUsage,
} from './frames.ts'
import { deltaOfCall, endCall, type OpenCall, startCall } from './tool-calls.ts'

type Emit = (event: WireEvent) => void

/**
 * The data stream, version 1, of the AI SDK 3.4 to 4: one part a line, `0:"text"`; also such lines
 * in the data of an event stream.
 *
 * End marker: the part `d`. A server's own last data may follow it. Some servers stop at the last
 * step's end, the part `e`, which says the same unless another step follows.
 * @see https://v4.ai-sdk.dev/docs/ai-sdk-ui/stream-protocol (read 2026-11-21)
 */
export const aiSdkData: WireFormat = { name: 'AI SDK data', decoder: decodeAiSdkData }

/** The parts that have no place among the events, by their codes. */
const DATA_NAMES: ReadonlyMap<string, string> = new Map([
  ['2', 'data'],
  ['5', 'assistant_control_data'],
  ['6', 'data_message'],
  ['8', 'message_annotations'],
  ['i', 'redacted_reasoning'],
  ['j', 'reasoning_signature'],
])

function decodeAiSdkData(): WireDecoder {
  const open = new Map<string, OpenCall>()
  /** The calls that have no result yet. */
  const waiting = new Set<string>()
  let unnamedCalls = 0
  let hasId = false
  /** The step that ended with the last line; it is the last step if nothing follows. */
  let lastStep: WireObject | undefined

  function readId(value: unknown, emit: Emit): void {
    const id = asText(value)
    if (hasId || id === undefined) return
    hasId = true
    emit({ type: 'facts', id })
  }

  function startCallOf(part: WireObject, emit: Emit): OpenCall {
    const id = asText(part['toolCallId']) ?? `call-${++unnamedCalls}`
    const call = { id, name: asText(part['toolName']) ?? '', inputText: '' }
    open.set(id, call)
    startCall(call, emit)
    return call
  }

  function readCallDelta(part: WireObject, emit: Emit): void {
    const call = open.get(asText(part['toolCallId']) ?? `call-${unnamedCalls}`)
    const piece = asText(part['argsTextDelta'])
    if (call === undefined || piece === undefined) return
    call.inputText += piece
    deltaOfCall(call, piece, emit)
  }

  /** A whole call: one of its own, or what its start and its deltas have said already. */
  function readCall(part: WireObject, emit: Emit): void {
    const known = open.get(asText(part['toolCallId']) ?? `call-${unnamedCalls}`)
    const call = known ?? startCallOf(part, emit)
    const { args } = part
    if (call.inputText === '' && args !== undefined) {
      call.inputText = typeof args === 'string' ? args : JSON.stringify(args)
      deltaOfCall(call, call.inputText, emit)
    }
    if (!isObject(args)) return complete(call, emit)
    // The server may have repaired the arguments: its word counts, not the text of the model.
    complete(call, (event) => emit(withInput(event, args)))
  }

  /** The calls of the oldest versions are those of Chat Completions, and the caller's to run. */
  function readOldCall(value: unknown, id: unknown, emit: Emit): void {
    const { name, arguments: args } = asObject(value) ?? {}
    readCall({ toolCallId: id, toolName: name, args }, emit)
  }

  function complete(call: OpenCall, emit: Emit): void {
    open.delete(call.id)
    waiting.add(call.id)
    endCall(call, emit)
  }

  function readResult(part: WireObject, emit: Emit): void {
    const id = asText(part['toolCallId']) ?? `call-${unnamedCalls}`
    const call = open.get(id)
    if (call !== undefined) complete(call, emit)
    waiting.delete(id)
    emit({ type: 'tool-result', id, output: part['result'] ?? null, isError: false })
  }

  function finish(part: WireObject, emit: Emit): void {
    const usage = readUsage(part['usage'])
    if (usage !== undefined) emit({ type: 'facts', usage })
    const word = asText(part['finishReason'])
    const reason = word === undefined ? 'stop' : finishReasonOf(word)
    // The words "other" and "unknown" say nothing.
    const isRegular = /^(?:stop|tool-calls|unknown)$/.test(reason)
    if (isRegular) for (const call of [...open.values()]) complete(call, emit)
    const finishReason = isRegular && waiting.size > 0 ? 'tool-calls' : reason
    emit({ type: 'facts', finishReason, ...(word !== undefined && { rawFinishReason: word }) })
  }

  /** Reads a part whose value is an object. Returns whether its code is one of them. */
  function readPart(code: string, part: WireObject, emit: Emit): boolean {
    switch (code) {
      case '1':
        readOldCall(part['function_call'], undefined, emit)
        return true
      case '4':
        readId(part['id'], emit)
        for (const piece of asArray(part['content'])) {
          emitText(asText(asObject(asObject(piece)?.['text'])?.['value']) ?? '', emit)
        }
        return true
      case '7':
        for (const call of asArray(part['tool_calls'])) {
          readOldCall(asObject(call)?.['function'], asObject(call)?.['id'], emit)
        }
        return true
      case '9':
        readCall(part, emit)
        return true
      case 'a':
        readResult(part, emit)
        return true
      case 'b':
        startCallOf(part, emit)
        return true
      case 'c':
        readCallDelta(part, emit)
        return true
      case 'd':
        finish(part, emit)
        return true
      case 'e':
        lastStep = part
        return true
      case 'f':
        readId(part['messageId'], emit)
        return true
      case 'h':
        emitSource(part, emit)
        return true
      case 'k':
        emitFile(part, emit)
        return true
      default:
        return false
    }
  }

  function readLine(code: string, value: unknown, emit: Emit): void {
    lastStep = undefined
    if (code === '0' && typeof value === 'string') return emitText(value, emit)
    if (code === 'g' && typeof value === 'string') {
      if (value !== '') emit({ type: 'reasoning', text: value })
      return
    }
    if (code === '3') return emit({ type: 'error', error: providerError(value) })
    if (code === '5') readId(asObject(value)?.['messageId'], emit)
    if (isObject(value) && readPart(code, value, emit)) return
    emit({ type: 'data', name: DATA_NAMES.get(code) ?? code, data: value })
  }

  return {
    // A body that ends with a step's end may be whole.
    marksEnd: () => lastStep === undefined || lastStep['isContinued'] === true,
    push(frame, emit) {
      const { data, type } = frame
      if (/^[0-9a-k]:/.test(data)) {
        const value = parseJson(data.slice(2))
        if (value === undefined) throw malformed(frame, aiSdkData.name, 'its value is not JSON')
        return readLine(data.charAt(0), value, emit)
      }
      if (data === DONE) {
        if (lastStep !== undefined) finish(lastStep, emit)
        return emit({ type: 'complete' })
      }
      // A code alone is the start of a line that the end of the body cut off.
      if (isKeepalive(frame) || /^[0-9a-k]$/.test(data)) return
      if (type === 'error' && !/^\s*[{[]/.test(data)) {
        return emit({ type: 'error', error: providerError(data) })
      }
      const payload = asObject(parsePayload(frame, aiSdkData.name))
      if (payload === undefined) {
        throw malformed(frame, aiSdkData.name, 'it is not a code, a colon and JSON')
      }
      if (payload['error'] || type === 'error') {
        return emit({ type: 'error', error: providerError(payload) })
      }
      emit({ type: 'data', name: type, data: payload })
    },
    end(emit) {
      // After calls that the server ran, another step was to come.
      const mayGoOn = lastStep?.['finishReason'] === 'tool-calls' && waiting.size === 0
      if (lastStep !== undefined && lastStep['isContinued'] !== true && !mayGoOn) {
        finish(lastStep, emit)
      }
    },
  }
}

function withInput(event: WireEvent, input: unknown): WireEvent {
  return typeof event === 'object' && event.type === 'tool-call' ? { ...event, input } : event
}

function emitSource(source: WireObject, emit: Emit): void {
  const id = asText(source['id'])
  const url = asText(source['url'])
  const title = asText(source['title'])
  emit({
    type: 'source',
    ...(id && { id }),
    ...(url && { url }),
    ...(title && { title }),
    raw: source,
  })
}

function emitFile(file: WireObject, emit: Emit): void {
  const data = asText(file['data'])
  if (data === undefined) return
  const named = asText(file['mimeType']) ?? 'application/octet-stream'
  const url = /^(?:data|https?):/.test(data) ? data : `data:${named};base64,${data}`
  emit({ type: 'file', mediaType: mediaTypeOf(url, named), url })
}
