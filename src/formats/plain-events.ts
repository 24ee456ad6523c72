import type { AnswerFacts, ContentEvent, FinishReason, Usage } from '../chat-event.ts'
import { ChatError } from '../errors.ts'
import { bounded } from '../provider-error.ts'
import { asNumber, asObject, asText, defined, isObject, type WireObject } from '../wire-value.ts'
import type { WireEvent } from './format.ts'

/**
 * The frames of `chatwire/server` that hand-written routes do not have, or not so exactly. They say
 * in our own words what others' frames leave to be guessed, so nothing is translated here.
 */

const FINISH_REASONS: readonly FinishReason[] = [
  'stop',
  'length',
  'tool-calls',
  'content-filter',
  'error',
  'aborted',
  'unknown',
]

/** Hands on what a frame of `chatwire/server` says. `false` if it is not one, and nothing was done. */
export function readOwnFrame(payload: WireObject, emit: (event: WireEvent) => void): boolean {
  const { error, refusal, retryable } = payload
  if (isObject(payload['event'])) {
    const event = contentEvent(payload['event'])
    if (event !== undefined) emit(event)
    return event !== undefined
  }
  if (typeof refusal === 'string' && Object.keys(payload).length === 1) {
    if (refusal !== '') emit({ type: 'refusal', text: refusal })
    return true
  }
  if (typeof error === 'string' && typeof retryable === 'boolean') {
    emit({ type: 'facts', ...readFacts(payload) })
    emit({ type: 'error', error: sentError(error, retryable, payload) })
    return true
  }
  const finishReason = FINISH_REASONS.find((reason) => reason === payload['finishReason'])
  if (payload['done'] !== true || !('rawFinishReason' in payload) || !finishReason) return false
  emit({ type: 'facts', ...readFacts(payload), finishReason })
  emit({ type: 'complete' })
  return true
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

function readFacts(payload: WireObject): AnswerFacts {
  return defined({
    id: asString(payload['id']),
    model: asString(payload['model']),
    rawFinishReason: asString(payload['rawFinishReason']),
    usage: readUsage(asObject(payload['usage'])),
  })
}

function readUsage(usage: WireObject | undefined): Usage | undefined {
  return (
    usage && {
      ...defined({
        inputTokens: asNumber(usage['inputTokens']),
        outputTokens: asNumber(usage['outputTokens']),
        totalTokens: asNumber(usage['totalTokens']),
        cachedInputTokens: asNumber(usage['cachedInputTokens']),
        reasoningTokens: asNumber(usage['reasoningTokens']),
      }),
      raw: usage['raw'],
    }
  )
}

/** The event that `value` is, made anew from the fields that it must have; `undefined` if it is none. */
function contentEvent(value: WireObject): ContentEvent | undefined {
  const event = eventByType(value)
  const choice = asNumber(value['choice'])
  return event && choice ? { ...event, choice } : event
}

function eventByType(value: WireObject): ContentEvent | undefined {
  const { type } = value
  const id = asString(value['id'])
  const name = asString(value['name'])
  switch (type) {
    case 'text':
    case 'reasoning':
    case 'refusal': {
      const text = asText(value['text'])
      return text === undefined ? undefined : { type, text }
    }
    case 'tool-call-delta': {
      const delta = asString(value['delta'])
      if (id === undefined || name === undefined || delta === undefined) return undefined
      return { type, id, name, delta }
    }
    case 'tool-call': {
      const inputText = asString(value['inputText'])
      if (id === undefined || name === undefined || inputText === undefined) return undefined
      const { input, providerExecuted } = value
      const call = { type, id, name, input, inputText } as const
      return providerExecuted === true ? { ...call, providerExecuted } : call
    }
    case 'tool-result': {
      const { output, isError } = value
      if (id === undefined || typeof isError !== 'boolean') return undefined
      return { type, id, output, isError }
    }
    case 'source': {
      const url = asString(value['url'])
      return { type, ...defined({ id, url, title: asString(value['title']) }), raw: value['raw'] }
    }
    case 'file': {
      const mediaType = asString(value['mediaType'])
      const url = asString(value['url'])
      return mediaType === undefined || url === undefined ? undefined : { type, mediaType, url }
    }
    case 'data': {
      if (name === undefined) return undefined
      const mark = value['transient'] === true && { transient: true as const }
      return { type, name, data: value['data'], ...defined({ id }), ...mark }
    }
    default:
      return undefined
  }
}

/** `value` if it is a string, an empty one included: here blank is not absent. */
function asString(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
