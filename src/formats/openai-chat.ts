import type { FinishReason } from '../chat-event.ts'
import { providerError } from '../provider-error.ts'
import { asArray, asNumber, asObject, asText, isObject, type WireObject } from '../wire-value.ts'
import type { WireDecoder, WireEvent, WireFormat } from './format.ts'
import {
  DONE,
  finishReasonOf,
  isFault,
  isKeepalive,
  malformed,
  mediaTypeOf,
  parsePayload,
  readUsage,
} from './frames.ts'
import { collectToolCalls, type ToolCallCollector } from './openai-chat-tools.ts'

type Emit = (event: WireEvent) => void

/**
 * OpenAI Chat Completions, and the servers compatible with it: Azure, OpenRouter, DeepSeek, Mistral,
 * Groq, xAI, Together, Perplexity, vLLM, llama.cpp, LM Studio, Ollama's `/v1`, and many more. Reads
 * the stream as well as one whole `chat.completion`, and legacy completions.
 *
 * End marker: `[DONE]`; a finish reason is as good, because many servers stop there.
 * @see https://platform.openai.com/docs/api-reference/chat-streaming (read 2026-11-21)
 */
export const openaiChat: WireFormat = { name: 'OpenAI Chat Completions', decoder: decodeOpenaiChat }

/** What is known of one of the parallel answers. */
interface Choice {
  /** `undefined` for the first choice, whose events carry no mark. */
  mark: number | undefined
  toolCalls: ToolCallCollector
  hasDelta: boolean
  refused: boolean
  finishReason: string | undefined
}

function decodeOpenaiChat(): WireDecoder {
  const choices = new Map<number, Choice>()
  const sourceUrls = new Set<string>()
  let id: string | undefined
  let model: string | undefined
  let ended = false
  /** Whether the answer came whole, in a `message`. */
  let isWhole = false

  function choiceAt(index: number): Choice {
    let choice = choices.get(index)
    if (choice === undefined) {
      const mark = index === 0 ? undefined : index
      const toolCalls = collectToolCalls(mark, () => id)
      choice = { mark, toolCalls, hasDelta: false, refused: false, finishReason: undefined }
      choices.set(index, choice)
    }
    return choice
  }

  function readHead(chunk: WireObject, emit: Emit): void {
    const newId = id === undefined ? asText(chunk['id']) : undefined
    const newModel = model === undefined ? asText(chunk['model']) : undefined
    if (newId === undefined && newModel === undefined) return
    id ??= newId
    model ??= newModel
    emit({ type: 'facts', ...(newId && { id: newId }), ...(newModel && { model: newModel }) })
  }

  function readChoice(value: WireObject, emit: Emit): void {
    const choice = choiceAt(asNumber(value['index']) ?? 0)
    const delta = asObject(value['delta'])
    // Perplexity and Writer repeat the whole text in `message` beside the deltas. Only where there
    // are none is it the answer.
    const message = choice.hasDelta ? undefined : asObject(value['message'])
    if (delta !== undefined) {
      choice.hasDelta = true
      readDelta(delta, choice, emit)
    } else if (message !== undefined) {
      isWhole = true
      readDelta(message, choice, emit)
    } else if (typeof value['text'] === 'string') {
      emitText('text', value['text'], choice.mark, emit)
    }
    const reason = asText(value['finish_reason'])
    if (reason === undefined) return
    choice.finishReason = reason
    if (choice.mark === undefined) emit({ type: 'facts', ...finishOf(choice, reason) })
  }

  function readDelta(delta: WireObject, choice: Choice, emit: Emit): void {
    const { content } = delta
    const { mark } = choice
    const reasoning = readReasoning(delta)
    emitText('reasoning', reasoning, mark, emit)
    if (typeof content === 'string') {
      const analysis = delta['channel'] === 'analysis' && reasoning === ''
      emitText(analysis ? 'reasoning' : 'text', content, mark, emit)
    } else {
      for (const part of asArray(content)) readPart(part, mark, emit)
    }
    const refusal = asText(delta['refusal'])
    if (refusal !== undefined) {
      choice.refused = true
      emitText('refusal', refusal, mark, emit)
    }
    if (delta['tool_calls'] != null || delta['function_call'] != null) {
      choice.toolCalls.push(delta['tool_calls'], delta['function_call'], emit)
    }
    for (const image of asArray(delta['images'])) {
      const url = asText(asObject(asObject(image)?.['image_url'])?.['url'])
      if (url !== undefined) emit({ type: 'file', mediaType: mediaTypeOf(url, 'image/*'), url })
    }
    if (isObject(delta['audio'])) emit({ type: 'data', name: 'audio', data: delta['audio'] })
    for (const annotation of asArray(delta['annotations'])) readAnnotation(annotation, emit)
  }

  function readAnnotation(annotation: unknown, emit: Emit): void {
    const outer = asObject(annotation)
    const inner =
      asObject(outer?.['url_citation']) ?? asObject(outer?.['document_citation']) ?? outer
    readSource(inner, annotation, emit)
  }

  /** Sources repeat on every chunk with some servers: each URL is handed on once. */
  function readSource(source: WireObject | undefined, raw: unknown, emit: Emit): void {
    if (source === undefined) return
    const url = asText(source['url'])
    const title = asText(source['title'])
    if (url === undefined ? title === undefined : sourceUrls.has(url)) return
    if (url !== undefined) sourceUrls.add(url)
    emit({ type: 'source', ...(url && { url }), ...(title && { title }), raw })
  }

  function readChunk(chunk: WireObject, emit: Emit): void {
    readHead(chunk, emit)
    for (const choice of asArray(chunk['choices'])) {
      if (isObject(choice)) readChoice(choice, emit)
    }
    for (const result of asArray(chunk['search_results']))
      readSource(asObject(result), result, emit)
    for (const citation of asArray(chunk['citations'])) {
      const source = typeof citation === 'string' ? { url: citation } : asObject(citation)
      readSource(source, citation, emit)
    }
    const usage = readUsage(
      chunk['usage'] ??
        asObject(chunk['x_groq'])?.['usage'] ??
        // Moonshot
        asObject(asArray(chunk['choices'])[0])?.['usage'],
    )
    if (usage !== undefined) emit({ type: 'facts', usage })
    if (chunk['moderation'] != null) {
      emit({ type: 'data', name: 'moderation', data: chunk['moderation'] })
    }
  }

  /** Completes the calls: of every choice at the end marker, else of those that said they are over. */
  function finish(isMarked: boolean, emit: Emit): void {
    if (ended) return
    ended = true
    const first = choices.get(0)
    // Snowflake says [DONE] without ever saying why.
    if (first !== undefined) emit({ type: 'facts', ...finishOf(first, first.finishReason) })
    for (const choice of choices.values()) {
      if (isMarked || choice.finishReason !== undefined) choice.toolCalls.end(emit)
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
      const payload = parsePayload(frame, openaiChat.name)
      if (!isObject(payload)) throw malformed(frame, openaiChat.name, 'its data is not an object')
      const isChunk = Array.isArray(payload['choices'])
      if (isChunk) readChunk(payload, emit)
      // An error may come beside choices or in one, and after a finish reason (OpenRouter).
      const inChoice = asObject(asArray(payload['choices'])[0])?.['error']
      if (frame.type === 'error' || isFault(payload) || inChoice) {
        const error = payload['error'] || !inChoice ? payload : { error: inChoice }
        return emit({ type: 'error', error: providerError(error) })
      }
      if (isWhole) {
        finish(true, emit)
        return emit({ type: 'complete' })
      }
      if (!isChunk) {
        const usage = readUsage(payload['usage'])
        if (usage !== undefined) emit({ type: 'facts', usage })
        else emit({ type: 'data', name: frame.type, data: payload })
      }
    },
    end(emit) {
      // Without a finish reason the answer was cut, and its open tool calls with it.
      if (choices.get(0)?.finishReason !== undefined) finish(false, emit)
    },
  }
}

function finishOf(
  choice: Choice,
  raw: string | undefined,
): { finishReason: FinishReason; rawFinishReason?: string } {
  const reason = raw === undefined ? 'stop' : finishReasonOf(raw)
  // Google's endpoint says `stop` after tool calls, OpenAI says `stop` after a refusal.
  const stopped =
    choice.toolCalls.size() > 0 ? 'tool-calls' : choice.refused ? 'content-filter' : 'stop'
  const finishReason = reason === 'stop' ? stopped : reason
  return { finishReason, ...(raw !== undefined && { rawFinishReason: raw }) }
}

function emitText(
  type: 'text' | 'reasoning' | 'refusal',
  text: string,
  choice: number | undefined,
  emit: Emit,
): void {
  if (text === '') return
  if (choice !== undefined) emit({ type, text, choice })
  else emit(type === 'text' ? text : { type, text })
}

/** One of the three places where servers put reasoning; the same text may stand in several. */
function readReasoning(delta: WireObject): string {
  const plain = asText(delta['reasoning_content']) ?? asText(delta['reasoning'])
  if (plain !== undefined) return plain
  const details = delta['reasoning_details']
  if (details === undefined) return ''
  return asArray(details)
    .map(
      (detail) => asText(asObject(detail)?.['text']) ?? asText(asObject(detail)?.['summary']) ?? '',
    )
    .join('')
}

/** A part of Mistral's content arrays: `thinking`, `text`, or a reference. */
function readPart(value: unknown, choice: number | undefined, emit: Emit): void {
  if (typeof value === 'string') return emitText('text', value, choice, emit)
  const part = asObject(value)
  if (part === undefined) return
  const thinking = part['thinking']
  if (typeof thinking === 'string') emitText('reasoning', thinking, choice, emit)
  for (const piece of asArray(thinking)) {
    emitText('reasoning', asText(asObject(piece)?.['text']) ?? '', choice, emit)
  }
  if (/^(?:output_)?text$/.test(asText(part['type']) ?? 'text'))
    emitText('text', asText(part['text']) ?? '', choice, emit)
  if (part['type'] === 'reference') emit({ type: 'data', name: 'reference', data: part })
}
