import type { FinishReason, Usage } from '../chat-event.ts'
import { ChatError } from '../errors.ts'
import type { SseEvent } from '../framing/sse.ts'
import { asNumber, asObject, defined, type WireObject } from '../wire-value.ts'
import type { WireEvent } from './format.ts'

/** What the formats share: payloads, keepalives, usage, finish reasons. Knows no provider. */

/** The end marker that OpenAI introduced and many copied. It must be the whole payload. */
export const DONE = '[DONE]'

/** Whether a frame only keeps the connection open: empty, or a ping in its name or its data. */
export function isKeepalive({ type, data }: SseEvent): boolean {
  if (type === 'error') return false
  if (type === 'ping' || type === 'keepalive' || type === 'heartbeat') return true
  // A payload is an object nearly always; only another one is worth a look.
  return data.charCodeAt(0) !== 123 && KEEPALIVE.test(data)
}

const KEEPALIVE = /^(?::.{0,60}|ping|keep-?alive|heartbeat)?$/i

/** The frame's JSON. Throws a `ChatError` of code `malformed` if it is not JSON. */
export function parsePayload(frame: SseEvent, format: string): unknown {
  try {
    return JSON.parse(frame.data)
  } catch (cause) {
    throw malformed(frame, format, 'its data is not JSON', cause)
  }
}

/** The error for a frame that the format does not allow. */
export function malformed(
  frame: SseEvent,
  format: string,
  what: string,
  cause?: unknown,
): ChatError {
  return new ChatError(
    'malformed',
    `A frame of the ${format} stream cannot be read: ${what}. The text before it is intact.`,
    { frame: frame.data, cause },
  )
}

/** Why an answer ended, by what the providers' words for it have in common. */
const FINISH_REASONS: readonly [RegExp, FinishReason][] = [
  [/error|malformed|abort|insufficient|overloaded/i, 'error'],
  [/tool|function/i, 'tool-calls'],
  [/length|limit|max_\w*tokens|context_window/i, 'length'],
  [/filter|refusal|safety|sensitive|recitation|prohibited|blocklist|spii/i, 'content-filter'],
  [/^(?:stop|eos|end|pause|complete)/i, 'stop'],
]

/** One provider's word for why it finished → ours. Words of other providers leak through gateways. */
export function finishReasonOf(word: string): FinishReason {
  return FINISH_REASONS.find(([pattern]) => pattern.test(word))?.[1] ?? 'unknown'
}

/**
 * Reads token counts under the names that Chat Completions, Anthropic-like servers and hand-written
 * ones give them. `undefined` if `value` is not an object.
 */
export function readUsage(value: unknown): Usage | undefined {
  const raw = asObject(value)
  if (raw === undefined) return undefined
  const input = firstNumber(raw, 'prompt_tokens', 'input_tokens', 'promptTokens', 'inputTokens')
  // Routes hand on Anthropic's own object, whose cached input stands beside the rest of it.
  const isAnthropic = asNumber(raw['input_tokens']) !== undefined && !('prompt_tokens' in raw)
  const cacheRead = isAnthropic ? asNumber(raw['cache_read_input_tokens']) : undefined
  const cacheWrite = isAnthropic ? asNumber(raw['cache_creation_input_tokens']) : undefined
  const inputTokens = input === undefined ? undefined : input + (cacheRead ?? 0) + (cacheWrite ?? 0)
  const completion = firstNumber(
    raw,
    'completion_tokens',
    'output_tokens',
    'completionTokens',
    'outputTokens',
  )
  const total = firstNumber(raw, 'total_tokens', 'totalTokens')
  const inputDetails = asObject(raw['prompt_tokens_details'] ?? raw['input_tokens_details'])
  const outputDetails = asObject(raw['completion_tokens_details'] ?? raw['output_tokens_details'])
  const cachedInputTokens =
    asNumber(inputDetails?.['cached_tokens']) ??
    cacheRead ??
    firstNumber(raw, 'prompt_cache_hit_tokens', 'cached_tokens', 'cachedInputTokens')
  const reasoningTokens =
    asNumber(outputDetails?.['reasoning_tokens']) ??
    firstNumber(raw, 'reasoning_tokens', 'reasoningTokens')
  // xAI counts reasoning beside the completion; its own total proves it.
  const outputTokens =
    completion !== undefined &&
    reasoningTokens &&
    total === (inputTokens ?? 0) + completion + reasoningTokens
      ? completion + reasoningTokens
      : completion
  const totalTokens =
    total ??
    (inputTokens !== undefined && outputTokens !== undefined
      ? inputTokens + outputTokens
      : undefined)
  return {
    ...defined({ inputTokens, outputTokens, totalTokens, cachedInputTokens, reasoningTokens }),
    raw,
  }
}

function firstNumber(object: WireObject, ...keys: string[]): number | undefined {
  for (const key of keys) {
    const value = asNumber(object[key])
    if (value !== undefined) return value
  }
  return undefined
}

/** The media type of a `data:` URL; `image/*` style `fallback` for any other. */
export function mediaTypeOf(url: string, fallback: string): string {
  return /^data:([^;,]+)/.exec(url)?.[1] ?? fallback
}

/**
 * Whether an object that is no piece of an answer reports a failure: `{error}`, `{type: "error"}`,
 * FastAPI's `{detail}`, or a message with a status that means one.
 */
export function isFault(payload: WireObject): boolean {
  const { error, type, object, detail, message } = payload
  if (error || type === 'error' || object === 'error' || detail != null) return true
  const status = asNumber(payload['status']) ?? asNumber(payload['code']) ?? 0
  return typeof message === 'string' && (status >= 400 || payload['success'] === false)
}

/** Emits text, unless it is empty. */
export function emitText(text: string, emit: (event: WireEvent) => void): void {
  if (text !== '') emit(text)
}
