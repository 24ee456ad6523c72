import type { FinishReason } from '../chat-event.ts'
import { ChatError } from '../errors.ts'
import type { SseEvent } from '../framing/sse.ts'
import { asNumber, isObject, type WireObject } from '../wire-value.ts'
import { emitData, emitError, emitFacts } from './emit.ts'
import type { Emit, WireDecoder, WireFormat } from './format.ts'
import { textTemplate } from './text-template.ts'

/** What the formats share: payloads, keepalives, finish reasons. Knows no provider. */

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

/** The state of one answer in a format whose frames are JSON objects. */
export interface ObjectReader {
  /** Set if {@link textTemplate} may read frames in its place. */
  readonly takesTemplates?: true
  /** Reads the object of a frame. The frame is for its name, and for errors. */
  read(payload: WireObject, frame: SseEvent, emit: Emit): void
  /** `[DONE]` came. The answer is then complete, unless this returns `false`. */
  done(emit: Emit): unknown
  /** The body ended, or broke off; not called after an end marker. */
  end?(emit: Emit): void
}

/** A format whose frames are JSON objects and whose answers show their end. */
export function objectFormat(name: string, start: () => ObjectReader): WireFormat {
  return {
    name,
    decoder(): WireDecoder {
      const reader = start()
      const template = reader.takesTemplates && textTemplate()
      return {
        marksEnd: () => true,
        push(frame, emit, parsed) {
          const text = parsed === undefined ? template?.read(frame) : undefined
          if (text !== undefined) return emit(text)
          if (frame.data === DONE) {
            if (reader.done(emit) !== false) emit({ type: 'complete' })
            return
          }
          if (isKeepalive(frame)) return
          // A failure in plain words, not in JSON.
          if (frame.type === 'error' && !/^\s*[{[]/.test(frame.data)) {
            return emitError(frame.data, emit)
          }
          const payload = parsed ?? parsePayload(frame, name)
          if (!isObject(payload)) {
            if (isFaultList(payload)) return emitError(payload, emit)
            // GitHub Copilot's references are a list.
            if (frame.type !== 'message') return emitData(frame.type, payload, emit)
            throw malformed(frame, name, 'its data is not an object')
          }
          if (template === undefined) return reader.read(payload, frame, emit)
          template.learn(frame, emit, (out) => reader.read(payload, frame, out))
        },
        end(emit) {
          reader.end?.(emit)
        },
      }
    },
  }
}

/**
 * Emits why the answer ended. A provider that says nothing means a stop.
 * @param stopped - What a stop means: there may be calls that the caller must run.
 */
export function emitFinish(word: string | undefined, stopped: FinishReason, emit: Emit): void {
  const reason = finishReasonOf(word ?? 'stop')
  const finishReason = reason === 'stop' ? stopped : reason
  emitFacts({ finishReason, rawFinishReason: word }, emit)
}

/**
 * Whether an object that is no piece of an answer reports a failure: `{error}`, `{type: "error"}`,
 * FastAPI's `{detail}`, or a message with a status that means one.
 */
export function isFault(payload: WireObject): boolean {
  const { error, type, object, detail, message, status } = payload
  if (error || type === 'error' || object === 'error' || detail != null) return true
  // Cloudflare
  if (payload['success'] === false && Array.isArray(payload['errors'])) return true
  if (typeof message !== 'string') return false
  const { statusCode, code } = payload
  const number = asNumber(status) ?? asNumber(statusCode) ?? asNumber(code) ?? 0
  return number >= 400 || status === 'error' || payload['success'] === false
}

/** Whether a value is a list that reports a failure, as Google writes it. */
export function isFaultList(value: unknown): boolean {
  return Array.isArray(value) && isObject(value[0]) && isFault(value[0])
}

/** Why an answer ended, by what the providers' words for it have in common. The first row counts. */
const FINISH_REASONS: readonly [RegExp, FinishReason][] = [
  [
    /filter|refusal|safety|sensitive|recitation|prohibited|blocklist|spii|toxic|armor|^image_/i,
    'content-filter',
  ],
  // `ERROR_LIMIT` is Cohere's word for a full context.
  [/error(?!_limit)|malformed|unexpected|abort|insufficient|overloaded|failed|timeout/i, 'error'],
  [/tool|function|requires_action/i, 'tool-calls'],
  [/length|limit|max_\w*tokens|context_window|continuation|budget/i, 'length'],
  [/^(?:stop|eos|end|pause|complete)/i, 'stop'],
]

/** One provider's word for why it finished → ours. Words of other providers leak through gateways. */
export function finishReasonOf(word: string): FinishReason {
  return FINISH_REASONS.find(([pattern]) => pattern.test(word))?.[1] ?? 'unknown'
}
