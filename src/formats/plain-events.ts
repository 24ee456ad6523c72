import type { AnswerFacts, ContentEvent, FinishReason, Usage } from '../chat-event.ts'
import { ChatError } from '../errors.ts'
import { bounded } from '../provider-error.ts'
import { asNumber, asObject, asText, defined, isObject, type WireObject } from '../wire-value.ts'
import type { Emit } from './format.ts'
import { finishReasonOf } from './frames.ts'

/**
 * The frames of `chatwire/server` that hand-written routes do not have, or not so exactly. They say
 * in our own words what others' frames leave to be guessed, so nothing is translated here.
 */

/** The fields of each event, beside its `choice`. Those with a question mark may be absent. */
const EVENT_FIELDS: ReadonlyMap<unknown, string> = /* @__PURE__ */ new Map([
  ['text', 'text'],
  ['reasoning', 'text'],
  ['refusal', 'text'],
  ['tool-call-delta', 'id name delta'],
  ['tool-call', 'id name input? inputText providerExecuted?'],
  ['tool-result', 'id output? isError'],
  ['source', 'id? url? title? raw?'],
  ['file', 'mediaType url'],
  ['data', 'name data? id? transient?'],
])
const FACT_FIELDS = 'id? model? rawFinishReason?'
const USAGE_FIELDS =
  'inputTokens? outputTokens? totalTokens? cachedInputTokens? reasoningTokens? raw?'

/** Hands on what a frame of `chatwire/server` says. `false` if it is not one, and nothing was done. */
export function readOwnFrame(payload: WireObject, emit: Emit): boolean {
  const { error, refusal, retryable } = payload
  if (isObject(payload['event'])) {
    const event = eventOf(payload['event'])
    if (event !== undefined) emit(event)
    return event !== undefined
  }
  if (typeof refusal === 'string' && Object.keys(payload).length === 1) {
    if (refusal !== '') emit({ type: 'refusal', text: refusal })
    return true
  }
  if (typeof error === 'string' && typeof retryable === 'boolean') {
    emit({ type: 'facts', ...factsOf(payload) })
    emit({ type: 'error', error: sentError(error, retryable, payload) })
    return true
  }
  const { done, finishReason } = payload
  if (done !== true || !('rawFinishReason' in payload) || !isReason(finishReason)) return false
  emit({ type: 'facts', ...factsOf(payload), finishReason })
  emit({ type: 'complete' })
  return true
}

/** Whether a word is one of ours: those mean themselves. */
function isReason(word: unknown): word is FinishReason {
  return word === 'aborted' || (typeof word === 'string' && finishReasonOf(word) === word)
}

/** Longer than any message of ours, which quotes a provider's: those arrive as they were sent. */
const MAX_SENT_LENGTH = 1000

/**
 * A failure behind the server is the server's to this side, whatever it was over there: a 401 that
 * it got is not one for us, and a connection that it lost was not ours.
 */
function sentError(message: string, retryable: boolean, raw: WireObject): ChatError {
  const retryAfterMs = asNumber(raw['retryAfterMs'])
  return new ChatError('provider', bounded(message, MAX_SENT_LENGTH), {
    retryable,
    raw,
    ...defined({
      providerCode: asText(raw['code']),
      requestId: asText(raw['requestId']),
      retryAfterMs: retryAfterMs !== undefined && retryAfterMs >= 0 ? retryAfterMs : undefined,
    }),
  })
}

function factsOf(payload: WireObject): AnswerFacts {
  const counts = asObject(payload['usage'])
  const usage = counts && (fieldsOf(counts, USAGE_FIELDS) as Usage)
  return { ...fieldsOf(payload, FACT_FIELDS), ...(usage && { usage }) }
}

/** The event that `value` is, made anew from the fields that it may have; `undefined` if it is none. */
function eventOf(value: WireObject): ContentEvent | undefined {
  const { type } = value
  const names = EVENT_FIELDS.get(type)
  const fields = names === undefined ? undefined : fieldsOf(value, `${names} choice?`)
  return fields && ({ type, ...fields } as unknown as ContentEvent)
}

/** Those fields of `value` that are what they must be; `undefined` if one is not that must be there. */
function fieldsOf(value: WireObject, fields: string): object | undefined {
  const found: Record<string, unknown> = {}
  for (const field of fields.split(' ')) {
    const name = field.replace('?', '')
    if (isValid(name, value[name])) found[name] = value[name]
    else if (name === field) return undefined
  }
  return found
}

/** Whether the value of a field is of its type. What a tool or a provider made may be anything. */
function isValid(name: string, value: unknown): boolean {
  if (/^(?:input|output|raw|data)$/.test(name)) return true
  if (/^(?:providerExecuted|transient)$/.test(name)) return value === true
  if (name === 'choice') return typeof value === 'number' && value > 0
  if (name.endsWith('Tokens')) return asNumber(value) !== undefined
  if (name === 'isError') return typeof value === 'boolean'
  return typeof value === 'string' && (name !== 'text' || value !== '')
}
