import type { ChatError } from '../errors.ts'
import { providerError } from '../provider-error.ts'
import {
  asArray,
  asObject,
  asText,
  firstText,
  isObject,
  valueAt,
  type WireObject,
} from '../wire-value.ts'
import { finishAnswer, nameCalls, readFile, readSource, readTotals } from './ai-sdk-parts.ts'
import { awaitCalls } from './awaited-calls.ts'
import { emitData, emitError, emitFacts, emitReasoning } from './emit.ts'
import type { Emit, WireFormat } from './format.ts'
import { isFault, type ObjectReader, objectFormat } from './frames.ts'
import { inputTextOf } from './tool-calls.ts'

/**
 * The UI message stream of the AI SDK 5, 6 and 7, the parts of its `fullStream` where a server
 * forwards them by hand, and Mastra's chunks, which hold such parts in a `payload`. Parts need no
 * start here, though the SDK's own client wants one.
 *
 * A tool that the app's own server runs is told from one of the caller's by nothing but its output,
 * so a `tool-call` waits for that, or for the end of its step; its input does not wait.
 *
 * `reset-step` takes back what the step brought so far; text that was handed out cannot be, so it is
 * a `data` event. An `error` chunk is delivered last, because servers go on after it.
 *
 * End marker: `[DONE]`; a `finish` or `abort` chunk is as good.
 * @see https://ai-sdk.dev/docs/ai-sdk-ui/stream-protocol (read 2026-11-21)
 */
export const aiSdk: WireFormat = /* @__PURE__ */ objectFormat('AI SDK UI message', readAnswer)

function readAnswer(): ObjectReader {
  let calls = awaitCalls()
  const callIdOf = nameCalls()
  let messageId: string | undefined
  let error: ChatError | undefined
  let end: 'finished' | 'aborted' | undefined

  function addToCall(id: string, chunk: WireObject, piece: string, emit: Emit): void {
    calls.add(id, chunk['toolName'], piece, emit)
    if (chunk['providerExecuted'] === true) calls.markProvided(id)
  }

  /** A call with its whole input: parsed in a UI message, as text in a model's own parts. */
  function readCall(type: string, chunk: WireObject, emit: Emit): void {
    const id = callIdOf(chunk, calls, 'whole')
    const input = chunk['input'] ?? chunk['args']
    const isText = type === 'tool-call' && typeof input === 'string'
    const text = input === undefined || isText ? inputTextOf(input) : JSON.stringify(input)
    addToCall(id, chunk, '', emit)
    calls.give(id, undefined, text, emit, isText ? undefined : input)
    if (type === 'tool-input-error') calls.answer(id, chunk['errorText'], true, emit)
  }

  function readMetadata(value: unknown, emit: Emit): void {
    const metadata = asObject(value)
    if (metadata === undefined) return
    readTotals(metadata, emit)
    emitData('message-metadata', metadata, emit)
  }

  /** The model's own id and name stand in `fullStream` parts only. */
  function readModel(response: WireObject | undefined, emit: Emit): void {
    const model = asText(response?.['modelId'])
    const id = messageId === undefined ? asText(response?.['id']) : undefined
    if (model !== undefined) emitFacts({ model, id }, emit)
  }

  function finish(word: string | undefined, emit: Emit): void {
    if (end === 'aborted') return
    end = 'finished'
    finishAnswer(word, error === undefined, calls, emit)
  }

  function endOfBody(emit: Emit): void {
    const held = error
    error = undefined
    calls.end(false, emit)
    if (held !== undefined) emit({ type: 'error', error: held })
  }

  function readChunk(type: string, chunk: WireObject, emit: Emit): void {
    switch (type) {
      case 'text':
      case 'text-delta': {
        const text = textOf(chunk)
        return text === undefined ? emitProof(type, chunk, emit) : emit(text)
      }
      case 'reasoning':
      case 'reasoning-delta': {
        const text = textOf(chunk)
        return text === undefined ? emitProof(type, chunk, emit) : emitReasoning(text, emit)
      }
      case 'text-start':
      case 'text-end':
      case 'reasoning-start':
      case 'reasoning-end':
        for (const citation of asArray(chunk['citations'])) {
          const source = valueAt(citation, 'source') ?? citation
          readSource(isObject(source) ? source : { sourceId: source }, citation, emit)
        }
        return emitProof(type, chunk, emit)
      case 'tool-input-start':
      case 'tool-call-streaming-start':
      case 'tool-call-input-streaming-start':
        return addToCall(callIdOf(chunk, calls, 'start'), chunk, '', emit)
      case 'tool-input-delta':
      case 'tool-call-delta': {
        const piece = firstText(chunk, 'inputTextDelta', 'delta', 'argsTextDelta')
        if (piece !== undefined) addToCall(callIdOf(chunk, calls, 'piece'), chunk, piece, emit)
        return
      }
      case 'tool-input-available':
      case 'tool-input-error':
      case 'tool-call':
        return readCall(type, chunk, emit)
      case 'tool-output-available':
      case 'tool-result': {
        // A tool may show how far it is; its result comes at the end.
        if (chunk['preliminary'] === true) {
          calls.runs(callIdOf(chunk, calls, 'piece'), emit)
          break
        }
        const output = chunk['output'] ?? chunk['result'] ?? null
        return calls.answer(
          callIdOf(chunk, calls, 'piece'),
          output,
          chunk['isError'] === true,
          emit,
        )
      }
      case 'tool-output-error':
      case 'tool-error':
        return calls.answer(
          callIdOf(chunk, calls, 'piece'),
          chunk['errorText'] ?? chunk['error'],
          true,
          emit,
        )
      case 'tool-approval-request':
      case 'tool-call-approval':
        if (chunk['isAutomatic'] !== true) calls.asks(callIdOf(chunk, calls, 'piece'), emit)
        break
      case 'tool-output-denied':
        calls.runs(callIdOf(chunk, calls, 'piece'), emit)
        break
      case 'source-url':
      case 'source-document':
      case 'source':
        return readSource(asObject(chunk['source']) ?? chunk, chunk, emit)
      case 'file':
      case 'reasoning-file':
        return readFile(asObject(chunk['file']) ?? chunk, emit)
      case 'start':
        messageId = asText(chunk['messageId'])
        emitFacts({ id: messageId }, emit)
        return readMetadata(chunk['messageMetadata'], emit)
      case 'message-metadata':
        return readMetadata(chunk['messageMetadata'], emit)
      case 'response-metadata':
        return readModel(chunk, emit)
      case 'start-step':
      case 'step-start':
        // Another step may use the ids of its calls again.
        return calls.forget()
      case 'finish-step':
      case 'step-finish':
        calls.end(false, emit)
        calls.forget()
        return readModel(asObject(chunk['response']), emit)
      case 'reset-step':
        calls = awaitCalls()
        break
      case 'finish': {
        const { finishReason, stepResult } = chunk
        const word = valueAt(finishReason, 'unified') ?? valueAt(stepResult, 'reason')
        readMetadata(chunk['messageMetadata'], emit)
        readTotals(asObject(chunk['output']) ?? chunk, emit)
        return finish(asText(finishReason) ?? asText(word), emit)
      }
      case 'abort':
        end = 'aborted'
        emit({ type: 'facts', finishReason: 'aborted', rawFinishReason: type })
        if (chunk['reason'] === undefined) return
        break
      case 'error':
        error ??= providerError(chunk)
        return
      case 'tool-input-end':
      case 'tool-call-input-streaming-end':
      case 'stream-start':
        return
    }
    if (!type.startsWith('data-')) return emitData(type, chunk, emit)
    const { data, id, transient } = chunk
    emitData(type.slice('data-'.length), data, emit, asText(id), transient === true)
  }

  return {
    takesTemplates: true,
    read(payload, frame, emit) {
      const type = asText(payload['type'])
      const part = 'runId' in payload ? asObject(payload['payload']) : undefined
      const chunk = part ?? payload
      // Not a chunk of the SDK, but of what stands before it: nothing follows.
      if (type === undefined && isFault(chunk)) return emitError(chunk, emit)
      readChunk(type ?? frame.type, chunk, emit)
    },
    done(emit) {
      if (end === undefined && error === undefined) finish(undefined, emit)
      endOfBody(emit)
    },
    end: endOfBody,
  }
}

/** `delta` in a UI message; `text` and, before 5, `textDelta` in `fullStream`; `content` by hand. */
function textOf(chunk: WireObject): string | undefined {
  return asText(chunk['delta']) ?? firstText(chunk, 'text', 'textDelta', 'content')
}

/** Signatures, item ids and the like travel on chunks without text. */
function emitProof(type: string, chunk: WireObject, emit: Emit): void {
  if (isObject(chunk['providerMetadata'])) emitData(type, chunk, emit)
}
