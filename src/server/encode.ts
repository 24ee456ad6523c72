import type { AnswerFacts, ContentEvent } from '../chat-event.ts'
import { isChatError } from '../errors.ts'
import type { Stage } from '../stage.ts'
import { defined } from '../wire-value.ts'

/**
 * A chat event as `chatwire/server` takes it: any `ChatEvent`, and what is quicker to write by hand.
 * A string is text. Of a `done` only the keys named here are read; without a `finishReason` it means
 * `'stop'`. An `error` may hold anything; only of a `ChatError` more than the fact is sent.
 */
export type ChatEventInit =
  | string
  | ContentEvent
  | { type: 'error'; error: unknown }
  | ({ type: 'done'; error?: unknown } & AnswerFacts)

type Emit = (frame: string) => void

/** Chat events in, frames of the plain format out. */
export interface ChatEncoder extends Stage<ChatEventInit, string> {
  /** Ends the answer because its events failed. */
  fail(failure: unknown, emit: Emit): void
  /** Whether the end was written; what comes after it is dropped. */
  isOver(): boolean
}

/** What the browser is told of a failure that says nothing fit for it. */
const UNEXPLAINED = 'The server could not complete the answer.'

/**
 * Encodes one answer as server-sent events in the plain format: `{text}`, `{reasoning}`, `{refusal}`;
 * every other part of the answer, and text of a parallel one, as `{event}`; at most one `{error}`;
 * then always `{done, finishReason}` and `[DONE]`. Events that end without a `done` have the finish
 * reason `'unknown'`.
 *
 * Readers stop at an error, so it is held until the `done` behind it tells what its frame must carry.
 *
 * @param messageOf - What to tell the browser about a failure, if not what we would.
 */
export function encodeChat(
  messageOf: (failure: unknown) => string | undefined = () => undefined,
): ChatEncoder {
  let failure: { error: unknown } | undefined
  let isOver = false

  function end(facts: AnswerFacts, emit: Emit): void {
    isOver = true
    if (failure !== undefined) {
      emit(frame({ ...errorFrame(failure.error, messageOf), ...pickFacts(facts) }))
      emit(frame({ done: true, finishReason: 'error', rawFinishReason: null }))
    } else {
      const { finishReason, rawFinishReason = null } = facts
      emit(frame({ done: true, finishReason, ...pickFacts(facts), rawFinishReason }))
    }
    emit('data: [DONE]\n\n')
  }

  return {
    push(event, emit) {
      if (isOver) return
      if (typeof event !== 'string' && event.type === 'done') {
        if (event.error !== undefined) failure ??= { error: event.error }
        else if (event.finishReason === 'error') failure ??= { error: undefined }
        return end({ ...event, finishReason: event.finishReason ?? 'stop' }, emit)
      }
      // After an error there is nothing but the end.
      if (failure !== undefined) return end({}, emit)
      if (typeof event === 'string') emitText('text', event, emit)
      else if (event.type === 'error') failure = { error: event.error }
      else if (isText(event) && !event.choice) emitText(event.type, event.text, emit)
      else emit(frame({ event }))
    },
    end(emit) {
      if (!isOver) end({ finishReason: 'unknown' }, emit)
    },
    fail(error, emit) {
      if (isOver) return
      failure ??= { error }
      end({}, emit)
    },
    isOver() {
      return isOver
    },
  }
}

type TextEvent = Extract<ContentEvent, { text: string }>

function isText(event: ContentEvent): event is TextEvent {
  return event.type === 'text' || event.type === 'reasoning' || event.type === 'refusal'
}

function emitText(type: TextEvent['type'], text: string, emit: Emit): void {
  if (text !== '') emit(frame({ [type]: text }))
}

/** Some readers split lines where only JavaScript and Unicode see a line end, and SSE does not. */
const MORE_LINE_ENDS = /[\u0085\u2028\u2029]/g

/** One event of the event stream. JSON escapes CR, LF and NUL, so no payload can break out of it. */
function frame(payload: object): string {
  const json = JSON.stringify(payload).replace(
    MORE_LINE_ENDS,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return `data: ${json}\n\n`
}

function pickFacts({ id, model, usage, rawFinishReason }: AnswerFacts): Partial<AnswerFacts> {
  return defined({ id, model, usage, rawFinishReason })
}

/**
 * What a browser is told of a failure. `body`, `raw`, `frame`, `pending` and `cause` stay here: they
 * are the upstream's words, which may echo the prompt or our credentials. So may the message of a
 * refusal (`http`): it is about the request that this server sent, and quotes the provider on it.
 */
function errorFrame(
  error: unknown,
  messageOf: (failure: unknown) => string | undefined,
): Record<string, unknown> {
  const message = messageOf(error)
  if (!isChatError(error)) return { error: message ?? UNEXPLAINED, retryable: false }
  const { code, providerCode, retryable, retryAfterMs, requestId, status } = error
  const isRefusal = code === 'http' && status !== undefined
  const own = isRefusal ? `The provider answered with status ${status}.` : error.message
  return {
    error: message ?? (own || UNEXPLAINED),
    code: providerCode ?? (code === 'provider' ? undefined : code),
    retryable,
    retryAfterMs,
    requestId,
  }
}
