import {
  asArray,
  asNumber,
  asObject,
  asText,
  isObject,
  valueAt,
  type WireObject,
} from '../wire-value.ts'
import {
  emitData,
  emitError,
  emitFacts,
  emitReasoning,
  emitText,
  type Head,
  markWith,
  readHead,
} from './emit.ts'
import type { Emit, WireFormat } from './format.ts'
import { emitFinish, isFault, type ObjectReader, objectFormat } from './frames.ts'
import {
  faultOf,
  isThought,
  readAsides,
  readPart,
  readSources,
  readThought,
  reasoningOf,
} from './openai-chat-parts.ts'
import { collectToolCalls, type ToolCallCollector, toolMessageOf } from './openai-chat-tools.ts'
import { readUsage } from './usage.ts'

/**
 * OpenAI Chat Completions, and the servers compatible with it: Azure, OpenRouter, DeepSeek, Mistral,
 * Groq, xAI, Together, Perplexity, vLLM, llama.cpp, LM Studio, Ollama's `/v1`, and many more. Reads
 * the stream as well as one whole `chat.completion`, and legacy completions.
 *
 * A server that runs the tools itself may send the completions of all its turns in one stream, as
 * `runTools().toReadableStream()` does: they are one answer, which ends as the last of them ends.
 *
 * End marker: `[DONE]`; a finish reason is as good, because many servers stop there.
 * @see https://platform.openai.com/docs/api-reference/chat-streaming (read 2026-11-21)
 */
export const openaiChat: WireFormat = /* @__PURE__ */ objectFormat(
  'OpenAI Chat Completions',
  readAnswer,
)

/** What is known of one of the parallel answers, or of its present turn. */
interface Choice {
  toolCalls: ToolCallCollector
  /** What was cited. */
  sources: Set<string>
  hasDelta: boolean
  /** Whether the last content was marked as a thought. */
  isThinking: boolean
  isRefused: boolean
  finishReason: string | undefined
  /** The id of its completion. */
  id: string | undefined
  /** The same once it finished; not with servers that give every chunk another id. */
  finishedId: string | undefined
}

function readAnswer(): ObjectReader {
  const choices = new Map<number, Choice>()
  const head: Head = {}
  let ended = false
  let unnamedCalls = 0
  /** Whether the answer came whole, in a `message`. */
  let isWhole = false

  function newChoice(index: number): Choice {
    const choice: Choice = {
      toolCalls: collectToolCalls(() => `${head.id ?? 'call'}-${++unnamedCalls}`),
      sources: new Set(),
      hasDelta: false,
      isThinking: false,
      isRefused: false,
      finishReason: undefined,
      id: undefined,
      finishedId: undefined,
    }
    choices.set(index, choice)
    return choice
  }

  function choiceAt(index: number): Choice {
    return choices.get(index) ?? newChoice(index)
  }

  /** Which turn a chunk belongs to: one of another completion, after its end, begins the next. */
  function turnAt(index: number, role: unknown, id: string | undefined, emit: Emit): Choice {
    const choice = choiceAt(index)
    const { finishedId } = choice
    const isOther = finishedId !== undefined && id !== undefined && id !== finishedId
    if (!isOther || role !== 'assistant') return choice
    // The model goes on: what it had asked for is done.
    choice.toolCalls.end(emit, true)
    emit({ type: 'facts', finishReason: undefined })
    return newChoice(index)
  }

  /** The server ran a tool. Why the turn finished is not why the answer will. */
  function readToolMessage(message: WireObject, index: number, emit: Emit): void {
    const choice = choiceAt(index)
    choice.toolCalls.answer(asText(message['tool_call_id']) ?? '', message['content'], emit)
    choice.finishReason = undefined
    emit({ type: 'facts', finishReason: undefined })
    if (choice.toolCalls.size() === 0) newChoice(index)
  }

  function readChoice(value: WireObject, id: string | undefined, emit: Emit): void {
    const index = asNumber(value['index']) ?? 0
    const out = index === 0 ? emit : markWith(index, emit)
    const delta = asObject(value['delta'])
    // Servers that run the tools, such as MiniMax, may say `stop` here, too, and go on.
    if (delta?.['role'] === 'tool' && typeof delta['content'] === 'string') {
      return readToolMessage(delta, index, out)
    }
    const choice = turnAt(index, delta?.['role'], id, out)
    choice.id ??= id
    const reason = reasonOf(value['finish_reason'])
    // Perplexity and Writer repeat the whole text in `message` beside the deltas. Only where there
    // are none is it the answer.
    const message = choice.hasDelta ? undefined : asObject(value['message'])
    if (delta !== undefined) {
      choice.hasDelta = true
      readDelta(delta, choice, out)
    } else if (message !== undefined) {
      // One that says that there is no reason yet is a piece.
      isWhole = reason !== undefined || value['finish_reason'] === undefined
      readDelta(message, choice, out)
    } else {
      emitText(value['text'], out)
    }
    if (reason === undefined) return
    choice.finishReason = reason
    choice.finishedId = id === choice.id ? id : undefined
    finishChoice(choice, out)
  }

  function readDelta(delta: WireObject, choice: Choice, emit: Emit): void {
    const { content } = delta
    const reasoning = reasoningOf(delta)
    emitReasoning(reasoning, emit)
    if (typeof content === 'string') {
      const isMarked = isThought(delta)
      if (isMarked || choice.isThinking) {
        readThought(content, isMarked, emit)
        choice.isThinking = isMarked || content === ''
      } else if (delta['channel'] === 'analysis' && reasoning === undefined) {
        emitReasoning(content, emit)
      } else {
        emitText(content, emit)
      }
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
    readAsides(delta, emit)
    readSources(delta['annotations'], choice.sources, emit)
    // Azure, where it searches the caller's own data.
    if (delta['context'] != null) {
      readSources(valueAt(delta, 'context', 'citations'), choice.sources, emit)
    }
  }

  function readChunk(chunk: WireObject, emit: Emit): void {
    readHead(head, chunk['id'], chunk['model'], emit)
    const values = asArray(chunk['choices'])
    const id = asText(chunk['id'])
    for (const choice of values) if (isObject(choice)) readChoice(choice, id, emit)
    const toolMessage = toolMessageOf(chunk)
    if (toolMessage !== undefined) readToolMessage(toolMessage, 0, emit)
    const { sources } = choiceAt(0)
    readSources(chunk['search_results'], sources, emit)
    readSources(chunk['citations'], sources, emit)
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
    takesTemplates: true,
    read(payload, frame, emit) {
      const isChunk = Array.isArray(payload['choices'])
      if (isChunk) readChunk(payload, emit)
      // An error may come beside choices or in one, and after a finish reason (OpenRouter).
      const inChoice = asObject(asArray(payload['choices'])[0])?.['error'] || faultOf(payload)
      if (frame.type === 'error' || isFault(payload) || inChoice) {
        return emitError(payload['error'] || !inChoice ? payload : { error: inChoice }, emit)
      }
      // Some servers have a `message` in their chunks, where others have a `delta`.
      if (isWhole && payload['object'] !== 'chat.completion.chunk') {
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

/** Why a choice finished. Some servers say in a word that it has not. */
function reasonOf(value: unknown): string | undefined {
  const reason = asText(value)
  return reason === 'null' || reason === 'None' ? undefined : reason
}
