import type { Usage } from '../chat-event.ts'
import type { ChatError } from '../errors.ts'
import { providerError } from '../provider-error.ts'
import { asArray, asNumber, asObject, asText, isObject, type WireObject } from '../wire-value.ts'
import type { WireDecoder, WireEvent, WireFormat } from './format.ts'
import { DONE, finishReasonOf, isKeepalive, malformed, parsePayload, readUsage } from './frames.ts'
import { deltaOfCall, endCall, type OpenCall, startCall } from './tool-calls.ts'

type Emit = (event: WireEvent) => void

/**
 * The UI message stream of the AI SDK 5, 6 and 7, and the parts of its `fullStream` where a server
 * forwards them by hand. Parts need no start here, though the SDK's own client wants one.
 *
 * `reset-step` takes back what the step brought so far; text that was handed out cannot be, so it is
 * a `data` event. An `error` chunk is delivered last, because servers go on after it.
 *
 * End marker: `[DONE]`; a `finish` or `abort` chunk is as good.
 * @see https://ai-sdk.dev/docs/ai-sdk-ui/stream-protocol (read 2026-11-21)
 */
export const aiSdk: WireFormat = { name: 'AI SDK UI message', decoder: decodeAiSdk }

function decodeAiSdk(): WireDecoder {
  const open = new Map<string, OpenCall>()
  /** The calls of this step that are complete. Another step may use their ids again. */
  const completed = new Set<string>()
  /** The calls that have no result yet and that nobody but the caller will run. */
  const waiting = new Set<string>()
  /** The calls whose input the server refused. It may report each of them twice. */
  const refused = new Set<string>()
  let unnamedCalls = 0
  let messageId: string | undefined
  let error: ChatError | undefined
  let end: 'finished' | 'aborted' | undefined

  function readCallId(chunk: WireObject, isNew: boolean): string {
    const id = asText(chunk['toolCallId']) ?? asText(chunk['id'])
    if (id !== undefined) return id
    if (isNew) unnamedCalls++
    return `call-${unnamedCalls}`
  }

  /** The call that a chunk belongs to. It is announced as soon as its name is known. */
  function callAt(id: string, chunk: WireObject, emit: Emit): OpenCall {
    const call = open.get(id) ?? { id, name: '', inputText: '' }
    open.set(id, call)
    if (chunk['providerExecuted'] === true) call.providerExecuted = true
    const name = asText(chunk['toolName'])
    if (call.name === '' && name !== undefined) {
      call.name = name
      startCall(call, emit)
    }
    return call
  }

  function readCallDelta(chunk: WireObject, emit: Emit): void {
    const id = readCallId(chunk, false)
    const piece =
      asText(chunk['inputTextDelta']) ?? asText(chunk['delta']) ?? asText(chunk['argsTextDelta'])
    if (piece === undefined || completed.has(id)) return
    const call = callAt(id, chunk, emit)
    call.inputText += piece
    if (call.name !== '') deltaOfCall(call, piece, emit)
  }

  /** A call with its whole input: parsed in a UI message, as text in a model's own parts. */
  function readCall(id: string, chunk: WireObject, isUiChunk: boolean, emit: Emit): void {
    if (completed.has(id)) return
    const call = callAt(id, chunk, emit)
    const input = chunk['input'] ?? chunk['args']
    const isText = !isUiChunk && typeof input === 'string'
    if (call.inputText === '' && input !== undefined) {
      call.inputText = isText ? input : JSON.stringify(input)
      deltaOfCall(call, call.inputText, emit)
    }
    // The server may have repaired the input: its word counts, not the text of the model.
    if (isText || input === undefined) complete(call, emit)
    else complete(call, (event) => emit(withInput(event, input)))
  }

  function complete(call: OpenCall, emit: Emit): void {
    open.delete(call.id)
    completed.add(call.id)
    if (!call.providerExecuted) waiting.add(call.id)
    endCall(call, emit)
  }

  function readResult(id: string, output: unknown, isError: boolean, emit: Emit): void {
    if (refused.has(id)) return
    const call = open.get(id)
    if (call !== undefined && call.name !== '') complete(call, emit)
    waiting.delete(id)
    emit({ type: 'tool-result', id, output, isError })
  }

  function readMetadata(value: unknown, emit: Emit): void {
    const metadata = asObject(value)
    if (metadata === undefined) return
    readTotals(metadata, emit)
    emit({ type: 'data', name: 'message-metadata', data: metadata })
  }

  /** The model's own id and name stand in `fullStream` parts only. */
  function readModel(response: WireObject | undefined, emit: Emit): void {
    const model = asText(response?.['modelId'])
    const id = messageId === undefined ? asText(response?.['id']) : undefined
    if (model !== undefined) emit({ type: 'facts', model, ...(id && { id }) })
  }

  function finish(word: string | undefined, emit: Emit): void {
    if (end === 'aborted') return
    end = 'finished'
    const reason = word === undefined ? 'stop' : finishReasonOf(word)
    // The words "other" and "unknown" say nothing; "interrupted" says that the model was cut off.
    const isRegular = /^(?:stop|tool-calls)$/.test(reason) || /^(?:other|unknown)$/.test(word ?? '')
    if (isRegular && error === undefined) {
      for (const call of [...open.values()]) if (call.name !== '') complete(call, emit)
    }
    const finishReason = isRegular && waiting.size > 0 ? 'tool-calls' : reason
    emit({ type: 'facts', finishReason, ...(word !== undefined && { rawFinishReason: word }) })
  }

  function resetStep(emit: Emit): void {
    for (const id of completed) waiting.delete(id)
    completed.clear()
    open.clear()
    emit({ type: 'data', name: 'reset-step', data: { type: 'reset-step' } })
  }

  function failAtEnd(emit: Emit): void {
    const held = error
    error = undefined
    if (held !== undefined) emit({ type: 'error', error: held })
  }

  function readChunk(type: string, chunk: WireObject, emit: Emit): void {
    switch (type) {
      case 'text':
      case 'text-delta':
      case 'reasoning':
      case 'reasoning-delta':
        return readText(type, chunk, emit)
      case 'text-start':
      case 'text-end':
      case 'reasoning-start':
      case 'reasoning-end':
        for (const citation of asArray(chunk['citations'])) {
          const source = asObject(citation)?.['source'] ?? citation
          emitSource(isObject(source) ? source : { sourceId: source }, citation, emit)
        }
        return emitProof(type, chunk, emit)
      case 'tool-input-start':
      case 'tool-call-streaming-start': {
        const id = readCallId(chunk, true)
        if (!completed.has(id)) callAt(id, chunk, emit)
        return
      }
      case 'tool-input-delta':
      case 'tool-call-delta':
        return readCallDelta(chunk, emit)
      case 'tool-input-available':
      case 'tool-input-error':
      case 'tool-call': {
        const id = readCallId(chunk, !open.has(`call-${unnamedCalls}`))
        readCall(id, chunk, type !== 'tool-call', emit)
        if (type !== 'tool-input-error') return
        readResult(id, chunk['errorText'], true, emit)
        refused.add(id)
        return
      }
      case 'tool-output-available':
      case 'tool-result':
        // A tool may show how far it is; its result comes at the end.
        if (chunk['preliminary'] === true) break
        return readResult(
          readCallId(chunk, false),
          chunk['output'] ?? chunk['result'] ?? null,
          false,
          emit,
        )
      case 'tool-output-error':
      case 'tool-error':
        return readResult(
          readCallId(chunk, false),
          chunk['errorText'] ?? chunk['error'],
          true,
          emit,
        )
      case 'tool-output-denied':
        waiting.delete(readCallId(chunk, false))
        break
      case 'source-url':
      case 'source-document':
      case 'source':
        return emitSource(asObject(chunk['source']) ?? chunk, chunk, emit)
      case 'file':
      case 'reasoning-file':
        return emitFile(asObject(chunk['file']) ?? chunk, emit)
      case 'start':
        messageId = asText(chunk['messageId'])
        if (messageId !== undefined) emit({ type: 'facts', id: messageId })
        return readMetadata(chunk['messageMetadata'], emit)
      case 'message-metadata':
        return readMetadata(chunk['messageMetadata'], emit)
      case 'response-metadata':
        return readModel(chunk, emit)
      case 'start-step':
      case 'step-start':
      case 'finish-step':
      case 'step-finish':
        completed.clear()
        refused.clear()
        return readModel(asObject(chunk['response']), emit)
      case 'reset-step':
        return resetStep(emit)
      case 'finish': {
        const word = asText(chunk['finishReason'])
        readMetadata(chunk['messageMetadata'], emit)
        readTotals(chunk, emit)
        return finish(word ?? asText(asObject(chunk['finishReason'])?.['unified']), emit)
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
      case 'stream-start':
        return
    }
    if (!type.startsWith('data-')) return emit({ type: 'data', name: type, data: chunk })
    const id = asText(chunk['id'])
    emit({ type: 'data', name: type.slice(5), data: chunk['data'], ...(id && { id }) })
  }

  return {
    marksEnd: () => true,
    push(frame, emit) {
      if (frame.data === DONE) {
        if (end === undefined && error === undefined) finish(undefined, emit)
        failAtEnd(emit)
        return emit({ type: 'complete' })
      }
      if (isKeepalive(frame)) return
      if (frame.type === 'error' && !/^\s*[{[]/.test(frame.data)) {
        return emit({ type: 'error', error: providerError(frame.data) })
      }
      const chunk = parsePayload(frame, aiSdk.name)
      if (!isObject(chunk)) throw malformed(frame, aiSdk.name, 'its data is not an object')
      const type = asText(chunk['type'])
      // Not a chunk of the SDK, but of what stands before it: nothing follows.
      if (type === undefined && chunk['error']) {
        return emit({ type: 'error', error: providerError(chunk) })
      }
      readChunk(type ?? frame.type, chunk, emit)
    },
    end: failAtEnd,
  }
}

/** `delta` in a UI message; `text` and, before version 5, `textDelta` in `fullStream`. */
function readText(type: string, chunk: WireObject, emit: Emit): void {
  const text = asText(chunk['delta']) ?? asText(chunk['text']) ?? asText(chunk['textDelta'])
  if (text === undefined) return emitProof(type, chunk, emit)
  emit(type.startsWith('text') ? text : { type: 'reasoning', text })
}

/** Signatures, item ids and the like travel on chunks without text. */
function emitProof(type: string, chunk: WireObject, emit: Emit): void {
  if (isObject(chunk['providerMetadata'])) emit({ type: 'data', name: type, data: chunk })
}

function withInput(event: WireEvent, input: unknown): WireEvent {
  return typeof event === 'object' && event.type === 'tool-call' ? { ...event, input } : event
}

function emitSource(source: WireObject, raw: unknown, emit: Emit): void {
  const id = asText(source['sourceId']) ?? asText(source['id'])
  const url = asText(source['url'])
  const title = asText(source['title']) ?? asText(source['filename'])
  emit({ type: 'source', ...(id && { id }), ...(url && { url }), ...(title && { title }), raw })
}

function emitFile(file: WireObject, emit: Emit): void {
  const mediaType = asText(file['mediaType']) ?? asText(file['mimeType']) ?? ''
  const base64 = asText(file['base64']) ?? asText(file['data'])
  const url = asText(file['url']) ?? (base64 && `data:${mediaType};base64,${base64}`)
  if (url !== undefined) emit({ type: 'file', mediaType, url })
}

/** Token counts under the names that the SDK's own objects, and most apps' metadata, have. */
function readTotals(holder: WireObject, emit: Emit): void {
  const usage = usageOf(holder['totalUsage'] ?? holder['usage'])
  if (usage !== undefined) emit({ type: 'facts', usage })
}

/** From version 6 on, cached and reasoning tokens stand in objects of their own. */
function usageOf(value: unknown): Usage | undefined {
  const usage = readUsage(value)
  const raw = asObject(value)
  const cached = asNumber(asObject(raw?.['inputTokenDetails'])?.['cacheReadTokens'])
  const reasoning = asNumber(asObject(raw?.['outputTokenDetails'])?.['reasoningTokens'])
  return (
    usage && {
      ...usage,
      ...(cached !== undefined && { cachedInputTokens: cached }),
      ...(reasoning !== undefined && { reasoningTokens: reasoning }),
    }
  )
}
