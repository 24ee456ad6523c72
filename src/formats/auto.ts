import type { SseEvent } from '../framing/sse.ts'
import { asText, isObject, parseJson, valueAt, type WireObject } from '../wire-value.ts'
import { agui } from './agui.ts'
import { aiSdk } from './ai-sdk.ts'
import { aiSdkData } from './ai-sdk-data.ts'
import { anthropic } from './anthropic.ts'
import { cohere } from './cohere.ts'
import { emitText } from './emit.ts'
import type { WireDecoder, WireEvent, WireFormat } from './format.ts'
import { DONE, isKeepalive } from './frames.ts'
import { gemini } from './gemini.ts'
import { geminiInteractions } from './gemini-interactions.ts'
import { isMessage, langgraph, nameIn } from './langgraph.ts'
import { ollama } from './ollama.ts'
import { openaiChat } from './openai-chat.ts'
import { openaiResponses } from './openai-responses.ts'
import { plain } from './plain.ts'

/**
 * Tells the format from the first payload. It can change its mind as long as nothing of the answer
 * itself has come: a server may send frames of its own before it passes a provider's on.
 */
export const auto: WireFormat = { name: 'auto', decoder: decodeAuto }

/** A pattern of names, the format that they are of, and what else a payload of it must be like. */
type Rule = readonly [RegExp, WireFormat, ((payload: WireObject) => boolean)?]

/** Formats that are told by the payload's type, or by the SSE event's name where there is none. */
const BY_NAME: readonly Rule[] = [
  [/^response\.(?!(?:delta|chunk|token|start|end|done|complete)$)/, openaiResponses],
  [/^(?:message_stop|content_block_stop|ping|vertex_event)$/, anthropic],
  // An object, where hand-written frames have text.
  [
    /^(?:message|content_block)_(?:start|delta)$/,
    anthropic,
    ({ message, delta, content_block }) => isObject(message ?? delta ?? content_block),
  ],
  [
    /^(?:(?:RUN|STEP|TEXT_MESSAGE|TOOL_CALL|THINKING|REASONING|STATE|MESSAGES|ACTIVITY|SUBAGENT)_[A-Z_]+|RAW|CUSTOM)$/,
    agui,
  ],
]

/** Formats that are told by the payload's type only: names of hand-written events are too near. */
const BY_TYPE: readonly Rule[] = [
  [/^(?:interaction|step|content)\./, geminiInteractions, (payload) => 'event_type' in payload],
  [
    /^(?:stream-(?:start|end)|(?:text|citation|search-queries|tool-calls)-generation|search-results|tool-calls-chunk)$/,
    cohere,
    (payload) => 'event_type' in payload,
  ],
  [
    /^(?:(?:start|finish|reset)-step|(?:text|reasoning)-(?:start|delta|end)|tool-(?:input|output|approval)-[a-z]+|source-(?:url|document)|reasoning-file|message-metadata|steering-message|stream-start|response-metadata|tool-call-streaming-start|data-.+)$/,
    aiSdk,
    (payload) => !('content' in payload),
  ],
  [/^message-start$/, cohere, (payload) => 'id' in payload],
  [
    /^(?:message-(?:start|end)|citation-start|content-(?:start|delta)|tool-call-(?:start|delta)|tool-plan-delta)$/,
    cohere,
    ({ delta }) => isObject(delta),
  ],
  // Words of hand-written frames, too: told by what stands beside them.
  [/^message$/, anthropic, ({ content }) => Array.isArray(content)],
  [/^completion$/, anthropic, (payload) => 'completion' in payload],
  [/^start$/, aiSdk, (payload) => isOnly(payload, ['type', 'messageId', 'messageMetadata'])],
  [/^abort$/, aiSdk, (payload) => isOnly(payload, ['type', 'reason'])],
  [/^finish$/, aiSdk, (payload) => 'finishReason' in payload || 'messageMetadata' in payload],
  [/^file$/, aiSdk, (payload) => 'mediaType' in payload],
  [/^error$/, geminiInteractions, (payload) => 'event_type' in payload],
  [/^error$/, aiSdk, (payload) => 'errorText' in payload],
  [/^error$/, openaiResponses, (payload) => 'sequence_number' in payload],
  [/^error$/, anthropic, ({ error }) => isObject(error)],
]

/** Types of frames with which these formats may begin, and hand-written streams as well. */
const ANYBODYS = /^(?:start|ping|message-start|data-.+)$/

/** What LangGraph and LangServe say of a run before it. */
const RUN_KEYS = ['run_id', 'attempt', 'thread_id', 'assistant_id', 'feedback_tokens', 'feedback']

/** Names of SSE events by which LangGraph is told, with the namespace of a subgraph behind them. */
const LANGGRAPH_EVENT = /^(?:messages(?:\/\w+)?|values|updates)(?:\|.*)?$/

/** Which format a frame is of; `undefined` if it is of no particular one. */
function detect({ type: event, data }: SseEvent, payload: unknown): WireFormat | undefined {
  if (isDataStreamV1(data)) return aiSdkData
  if (isOfMode(event, payload) || isOfMode(nameIn(payload) ?? '', valueAt(payload, 'data'))) {
    return langgraph
  }
  if (Array.isArray(payload) && LANGGRAPH_EVENT.test(nameIn(payload) ?? '')) return langgraph
  if (!isObject(payload)) return undefined
  const { type, object, error } = payload
  // Assistants name the kinds of their steps in `type`, and their events outside of the payload.
  if (event.startsWith('thread.') && asText(object)?.startsWith('thread')) return openaiResponses
  // Mastra's chunks, which hold the AI SDK's.
  if (asText(type) && 'runId' in payload && isObject(payload['payload'])) return aiSdk
  if (type === 'event' && 'method' in payload && isObject(payload['params'])) return langgraph
  if (event === 'metadata' && 'run_id' in payload && isOnly(payload, RUN_KEYS)) return langgraph
  if (isMessage(payload)) return langgraph
  if (asText(payload['event'])?.startsWith('on_') && 'run_id' in payload) return langgraph
  if (Array.isArray(payload['choices']) || asText(object)?.startsWith('chat.completion')) {
    return openaiChat
  }
  // AG-UI's events may come in an envelope. What has a path is an assistant-stream's.
  const known = asText(payload['event_type'] ?? type ?? valueAt(payload, 'chunk', 'type'))
  const name = ('path' in payload ? undefined : known) ?? ''
  const rule =
    BY_NAME.find((rule) => fits(rule, name || event, payload)) ??
    BY_TYPE.find((rule) => fits(rule, name, payload))
  if (rule !== undefined) return rule[1]
  if (object === 'response') return openaiResponses
  if (Array.isArray(payload['candidates'])) return gemini
  // The events of Google's ADK have counts as well, beside content of their own.
  const counts = payload['promptFeedback'] ?? payload['usageMetadata']
  if (isObject(counts) && !('content' in payload)) return gemini
  if (object === 'interaction') return geminiInteractions
  const { message, done, model } = payload
  if (typeof done === 'boolean') {
    if (isObject(message) && ('role' in message || 'model' in payload)) return ollama
    if (asText(model) && ('response' in payload || 'image' in payload)) return ollama
  }
  if ('finish_reason' in payload && isObject(message)) return cohere
  if (object === 'error' || isObject(error)) return openaiChat
  return undefined
}

/** Whether `data` are what LangGraph has under the name of a stream mode, and no hand-written frame. */
function isOfMode(name: string, data: unknown): boolean {
  if (!LANGGRAPH_EVENT.test(name) || typeof data !== 'object' || data === null) return false
  if (name.startsWith('updates')) return Object.values(data).every((v) => typeof v === 'object')
  return !['text', 'content', 'token', 'delta'].some((key) => key in data)
}

function fits([pattern, , isIts]: Rule, name: string, payload: WireObject): boolean {
  return pattern.test(name) && isIts?.(payload) !== false
}

function isOnly(payload: object, keys: readonly string[]): boolean {
  return Object.keys(payload).every((key) => keys.includes(key))
}

/** The AI SDK's data stream v1: a code of one character, a colon, JSON. */
function isDataStreamV1(data: string): boolean {
  return /^[0-9a-k]:["{[]/.test(data) && parseJson(data.slice(2)) !== undefined
}

function decodeAuto(): WireDecoder {
  let format: WireFormat = plain
  let decoder = plain.decoder()
  /** Whether the format has been told by more than a frame that may be anybody's. */
  let isTold = false
  /** Whether the format can no longer change. */
  let isSettled = false

  function choose(frame: SseEvent, payload: unknown): void {
    const detected = detect(frame, payload) ?? (frame.data === DONE ? format : plain)
    isTold = detected !== plain && !ANYBODYS.test(asText(valueAt(payload, 'type')) ?? '')
    if (detected === format) return
    format = detected
    decoder = detected.decoder()
  }

  return {
    marksEnd() {
      return decoder.marksEnd()
    },
    push(frame, emit, parsed) {
      if (isSettled) return decoder.push(frame, emit, parsed)
      // Parsed here, and handed on: the first payload may be the whole answer, and large. Nothing is
      // gained from a keepalive, and to fail at an empty one costs a hundred times what reading it does.
      const isIdle = isKeepalive(frame)
      const payload = parsed ?? (isIdle ? undefined : parseJson(frame.data))
      // Once a format of its own is found it stays: it may hold back what it has read.
      if (!isTold && !isIdle) choose(frame, payload)
      const take = (event: WireEvent): void => {
        const isPrelude =
          typeof event === 'object' && /^(?:data|facts|source|reasoning)$/.test(event.type)
        if (!isPrelude) isSettled = true
        emit(event)
      }
      decoder.push(frame, take, payload)
    },
    pushText: emitText,
    end(emit) {
      decoder.end(emit)
    },
  }
}
