import {
  asArray,
  asNumber,
  asObject,
  asText,
  firstText,
  isObject,
  valueAt,
  type WireObject,
} from '../wire-value.ts'
import {
  emitData,
  emitError,
  emitFacts,
  emitReasoning,
  emitSource,
  type Head,
  markWith,
  mediaTypeOf,
  readHead,
} from './emit.ts'
import type { Emit, WireFormat } from './format.ts'
import { emitFinish, emitText, isFault, type ObjectReader, objectFormat } from './frames.ts'
import { collectToolCalls, type ToolCallCollector } from './openai-chat-tools.ts'
import { readUsage } from './usage.ts'

/**
 * OpenAI Chat Completions, and the servers compatible with it: Azure, OpenRouter, DeepSeek, Mistral,
 * Groq, xAI, Together, Perplexity, vLLM, llama.cpp, LM Studio, Ollama's `/v1`, and many more. Reads
 * the stream as well as one whole `chat.completion`, and legacy completions.
 *
 * End marker: `[DONE]`; a finish reason is as good, because many servers stop there.
 * @see https://platform.openai.com/docs/api-reference/chat-streaming (read 2026-11-21)
 */
export const openaiChat: WireFormat = /* @__PURE__ */ objectFormat(
  'OpenAI Chat Completions',
  readAnswer,
)

/** What is known of one of the parallel answers. */
interface Choice {
  toolCalls: ToolCallCollector
  /** What was cited: sources repeat on every chunk with some servers. */
  sources: Set<string>
  hasDelta: boolean
  isRefused: boolean
  finishReason: string | undefined
}

function readAnswer(): ObjectReader {
  const choices = new Map<number, Choice>()
  const head: Head = {}
  let ended = false
  /** Whether the answer came whole, in a `message`. */
  let isWhole = false

  function choiceAt(index: number): Choice {
    let choice = choices.get(index)
    if (choice === undefined) {
      const toolCalls = collectToolCalls((count) => `${head.id ?? 'call'}-${index}-${count}`)
      choice = {
        toolCalls,
        sources: new Set(),
        hasDelta: false,
        isRefused: false,
        finishReason: undefined,
      }
      choices.set(index, choice)
    }
    return choice
  }

  function readChoice(value: WireObject, emit: Emit): void {
    const index = asNumber(value['index']) ?? 0
    const choice = choiceAt(index)
    const out = index === 0 ? emit : markWith(index, emit)
    const delta = asObject(value['delta'])
    // Perplexity and Writer repeat the whole text in `message` beside the deltas. Only where there
    // are none is it the answer.
    const message = choice.hasDelta ? undefined : asObject(value['message'])
    if (delta !== undefined) {
      choice.hasDelta = true
      readDelta(delta, choice, out)
    } else if (message !== undefined) {
      isWhole = true
      readDelta(message, choice, out)
    } else {
      emitText(value['text'], out)
    }
    const reason = asText(value['finish_reason'])
    if (reason === undefined) return
    choice.finishReason = reason
    finishChoice(choice, out)
  }

  function readDelta(delta: WireObject, choice: Choice, emit: Emit): void {
    const { content } = delta
    const reasoning = reasoningOf(delta)
    emitReasoning(reasoning, emit)
    if (typeof content === 'string') {
      if (delta['channel'] === 'analysis' && reasoning === undefined) emitReasoning(content, emit)
      else emitText(content, emit)
    } else {
      for (const part of asArray(content)) readPart(part, emit)
    }
    const refusal = asText(delta['refusal'])
    if (refusal !== undefined) {
      choice.isRefused = true
      emit({ type: 'refusal', text: refusal })
    }
    if (delta['tool_calls'] != null || delta['function_call'] != null) {
      choice.toolCalls.push(delta['tool_calls'], delta['function_call'], emit)
    }
    for (const image of asArray(delta['images'])) {
      const url = asText(valueAt(image, 'image_url', 'url'))
      if (url !== undefined) emit({ type: 'file', mediaType: mediaTypeOf(url, 'image/*'), url })
    }
    if (isObject(delta['audio'])) emitData('audio', delta['audio'], emit)
    for (const annotation of asArray(delta['annotations'])) {
      const outer = asObject(annotation)
      readSource(
        outer?.['url_citation'] ?? outer?.['document_citation'] ?? outer,
        annotation,
        choice,
        emit,
      )
    }
  }

  function readChunk(chunk: WireObject, emit: Emit): void {
    readHead(head, chunk['id'], chunk['model'], emit)
    const values = asArray(chunk['choices'])
    for (const choice of values) if (isObject(choice)) readChoice(choice, emit)
    for (const result of asArray(chunk['search_results'])) {
      readSource(result, result, choiceAt(0), emit)
    }
    for (const citation of asArray(chunk['citations'])) {
      readSource(
        typeof citation === 'string' ? { url: citation } : citation,
        citation,
        choiceAt(0),
        emit,
      )
    }
    const usage =
      chunk['usage'] ??
      asObject(chunk['x_groq'])?.['usage'] ??
      // Moonshot
      asObject(values[0])?.['usage']
    if (usage != null) emitFacts({ usage: readUsage(usage) }, emit)
    if (chunk['moderation'] != null) emitData('moderation', chunk['moderation'], emit)
  }

  /** Completes the calls: of every choice at the end marker, else of those that said they are over. */
  function finish(isMarked: boolean, emit: Emit): void {
    if (ended) return
    ended = true
    for (const [index, choice] of choices) {
      const out = index === 0 ? emit : markWith(index, emit)
      // Snowflake says [DONE] without ever saying why.
      finishChoice(choice, out)
      if (isMarked || choice.finishReason !== undefined) choice.toolCalls.end(out)
    }
  }

  return {
    read(payload, frame, emit) {
      const isChunk = Array.isArray(payload['choices'])
      if (isChunk) readChunk(payload, emit)
      // An error may come beside choices or in one, and after a finish reason (OpenRouter).
      const inChoice = asObject(asArray(payload['choices'])[0])?.['error']
      if (frame.type === 'error' || isFault(payload) || inChoice) {
        return emitError(payload['error'] || !inChoice ? payload : { error: inChoice }, emit)
      }
      if (isWhole) {
        finish(true, emit)
        return emit({ type: 'complete' })
      }
      if (isChunk) return
      const usage = readUsage(payload['usage'])
      if (usage !== undefined) emit({ type: 'facts', usage })
      else emitData(frame.type, payload, emit)
    },
    done: (emit) => finish(true, emit),
    end(emit) {
      // Without a finish reason the answer was cut, and its open tool calls with it.
      if (choices.get(0)?.finishReason !== undefined) finish(false, emit)
    },
  }
}

/** Google's endpoint says `stop` after tool calls, OpenAI says `stop` after a refusal. */
function finishChoice({ finishReason, toolCalls, isRefused }: Choice, emit: Emit): void {
  const stopped = toolCalls.size() > 0 ? 'tool-calls' : isRefused ? 'content-filter' : 'stop'
  emitFinish(finishReason, stopped, emit)
}

function readSource(value: unknown, raw: unknown, { sources }: Choice, emit: Emit): void {
  const source = asObject(value)
  const url = asText(source?.['url'])
  const title = asText(source?.['title'])
  if ((url ?? title) !== undefined) emitSource({ url, title }, raw, emit, sources)
}

/** One of the three places where servers put reasoning; the same text may stand in several. */
function reasoningOf(delta: WireObject): string | undefined {
  const plain = asText(delta['reasoning_content']) ?? asText(delta['reasoning'])
  const details = delta['reasoning_details']
  if (plain !== undefined || !Array.isArray(details)) return plain
  return asText(
    details.map((detail) => firstText(asObject(detail), 'text', 'summary') ?? '').join(''),
  )
}

/** A part of Mistral's content arrays: `thinking`, `text`, or a reference. */
function readPart(value: unknown, emit: Emit): void {
  if (typeof value === 'string') return emitText(value, emit)
  const part = asObject(value)
  const thinking = part?.['thinking']
  emitReasoning(thinking, emit)
  for (const piece of asArray(thinking)) emitReasoning(valueAt(piece, 'text'), emit)
  const type = part?.['type'] ?? 'text'
  if (type === 'text' || type === 'output_text') emitText(part?.['text'], emit)
  if (type === 'reference') emitData(type, part, emit)
}
