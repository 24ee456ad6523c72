import { asArray, asObject, asText, parseJson, valueAt, type WireObject } from '../wire-value.ts'
import { finishAnswer, nameCalls, readFile, readSource, readTotals } from './ai-sdk-parts.ts'
import { awaitCalls } from './awaited-calls.ts'
import { emitData, emitError, emitReasoning, emitText, readHead } from './emit.ts'
import type { Emit, WireDecoder, WireFormat } from './format.ts'
import { isFault, malformed, objectFormat } from './frames.ts'
import { inputTextOf } from './tool-calls.ts'

const NAME = 'AI SDK data'

/**
 * The data stream, version 1, of the AI SDK 3.4 to 4: one part a line, `0:"text"`; also such lines
 * in the data of an event stream. Only a call's result tells that the server ran the tool, so a
 * `tool-call` waits for it, or for the end of its step; its arguments do not wait.
 *
 * End marker: the part `d`. A server's own last data may follow it. Some servers stop at the last
 * step's end, the part `e`, which says the same unless another step follows.
 * @see https://v4.ai-sdk.dev/docs/ai-sdk-ui/stream-protocol (read 2026-11-21)
 */
export const aiSdkData: WireFormat = { name: NAME, decoder: decodeAiSdkData }

/** The parts that have no place among the events, by their codes. */
const DATA_NAMES: ReadonlyMap<string, string> = /* @__PURE__ */ new Map([
  ['2', 'data'],
  ['5', 'assistant_control_data'],
  ['6', 'data_message'],
  ['8', 'message_annotations'],
  ['i', 'redacted_reasoning'],
  ['j', 'reasoning_signature'],
])

function decodeAiSdkData(): WireDecoder {
  const calls = awaitCalls()
  const head = {}
  const callIdOf = nameCalls()
  /** The step that ended with the last line; it is the last step if nothing follows. */
  let lastStep: WireObject | undefined

  /** A whole call: one of its own, or what its start and its deltas have said already. */
  function readCall(part: WireObject, emit: Emit): void {
    const { args } = part
    const id = callIdOf(part, calls, 'whole')
    // The server may have repaired the arguments: its word counts, not the text of the model.
    calls.give(id, part['toolName'], inputTextOf(args), emit, asObject(args))
  }

  /** The calls of the oldest versions are those of Chat Completions, and the caller's to run. */
  function readOldCall(value: unknown, id: unknown, emit: Emit): void {
    const { name, arguments: args } = asObject(value) ?? {}
    readCall({ toolCallId: id, toolName: name, args }, emit)
  }

  function finish(part: WireObject, emit: Emit): void {
    readTotals(part, emit)
    finishAnswer(asText(part['finishReason']), true, calls, emit)
  }

  /** Reads the value of a part. */
  function readPart(code: string, value: unknown, emit: Emit): void {
    const part = asObject(value)
    const name = DATA_NAMES.get(code) ?? code
    if (code === '0' && typeof value === 'string') return emitText(value, emit)
    if (code === 'g' && typeof value === 'string') return emitReasoning(value, emit)
    if (code === '3') return emitError(value, emit)
    if (part === undefined) return emitData(name, value, emit)
    switch (code) {
      case '1':
        return readOldCall(part['function_call'], undefined, emit)
      case '4':
        readHead(head, part['id'], undefined, emit)
        for (const piece of asArray(part['content'])) {
          emitText(valueAt(piece, 'text', 'value'), emit)
        }
        return
      case '5':
        readHead(head, part['messageId'], undefined, emit)
        break
      case '7':
        for (const call of asArray(part['tool_calls'])) {
          readOldCall(valueAt(call, 'function'), valueAt(call, 'id'), emit)
        }
        return
      case '9':
        return readCall(part, emit)
      case 'a':
        return calls.answer(
          callIdOf(part, calls, 'piece'),
          part['result'] ?? null,
          part['isError'] === true,
          emit,
        )
      case 'b':
        return calls.add(callIdOf(part, calls, 'start'), part['toolName'], '', emit)
      case 'c':
        return calls.add(callIdOf(part, calls, 'piece'), undefined, part['argsTextDelta'], emit)
      case 'd':
        return finish(part, emit)
      case 'e':
        lastStep = part
        return calls.end(false, emit)
      case 'f':
        return readHead(head, part['messageId'], undefined, emit)
      case 'h':
        return readSource(part, value, emit)
      case 'k':
        return readFile(part, emit)
    }
    emitData(name, value, emit)
  }

  /** Some servers end like those of other formats, or fail before they begin. */
  const objects = objectFormat(NAME, () => ({
    read(payload, frame, emit) {
      if (isFault(payload) || frame.type === 'error') emitError(payload, emit)
      else emitData(frame.type, payload, emit)
    },
    done(emit) {
      if (lastStep !== undefined) finish(lastStep, emit)
    },
  })).decoder()

  return {
    // A body that ends with a step's end may be whole.
    marksEnd: () => lastStep === undefined || lastStep['isContinued'] === true,
    push(frame, emit) {
      const { data } = frame
      // A code alone is the start of a line that the end of the body cut off.
      if (/^[0-9a-z]$/.test(data)) return
      if (!/^[0-9a-z]:/.test(data)) return objects.push(frame, emit)
      const value = parseJson(data.slice(2))
      if (value === undefined) throw malformed(frame, NAME, 'its value is not JSON')
      lastStep = undefined
      readPart(data.charAt(0), value, emit)
    },
    end(emit) {
      // After calls that the server ran, another step was to come.
      const mayGoOn = lastStep?.['finishReason'] === 'tool-calls' && !calls.isWaiting()
      if (lastStep !== undefined && lastStep['isContinued'] !== true && !mayGoOn) {
        finish(lastStep, emit)
      }
      calls.end(false, emit)
    },
  }
}
