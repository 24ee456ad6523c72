import { ChatError, type ChatEvent, type ContentEvent, isChatError } from 'chatwire'
import { type ChatEventInit, type ChatResponseInit, chatResponse } from 'chatwire/server'

/** How events end that come from an array. */
type Ending = 'end' | 'stall' | { error: unknown }

/** An upstream that records how it was used. */
export interface Upstream extends AsyncIterable<ChatEventInit> {
  /** How many events were asked for. */
  asked(): number
  /** How often `return()` was called. */
  closed(): number
}

/** Events from an array. A `next()` that stalls settles when the upstream is closed, as ours do. */
export function upstream(events: Iterable<ChatEventInit>, ending: Ending = 'end'): Upstream {
  const iterator = events[Symbol.iterator]()
  let asked = 0
  let closed = 0
  const over = { done: true, value: undefined } as const
  let settle = (_: typeof over): void => {}
  return {
    asked: () => asked,
    closed: () => closed,
    [Symbol.asyncIterator]: () => ({
      async next() {
        asked += 1
        const result = iterator.next()
        if (!result.done) return result
        if (ending === 'stall') {
          return new Promise((resolve) => {
            settle = resolve
          })
        }
        if (ending !== 'end') throw ending.error
        return over
      },
      async return() {
        closed += 1
        settle(over)
        return over
      },
    }),
  }
}

/** The whole body that the events are sent as. */
export function wireOf(
  events: Iterable<ChatEventInit>,
  ending: Ending = 'end',
  init: ChatResponseInit = {},
): Promise<string> {
  return chatResponse(upstream(events, ending), init).text()
}

/** The payloads of a body, in the order they came. */
export function payloadsOf(wire: string): string[] {
  return [...wire.matchAll(/^data: (.*)\n\n/gm)].map(([, payload = '']) => payload)
}

/** The end of every body that ends regularly. */
export const DONE = '[DONE]'

/**
 * What becomes of events on their way: an error is the server's, and its evidence stays there. The
 * evidence `raw` of the new error, its frame, is left out, and so are the times.
 */
export function afterSending(events: readonly ChatEvent[]): ChatEvent[] {
  return events.map((event) => {
    if (event.type === 'error') return { ...event, error: sent(event.error) }
    if (event.type === 'done' && event.error !== undefined) {
      return { ...event, error: sent(event.error) }
    }
    return event
  })
}

function sent(error: ChatError): ChatError {
  const { code, message, retryable, requestId, retryAfterMs, status } = error
  const providerCode = error.providerCode ?? (code === 'provider' ? undefined : code)
  return new ChatError(
    'provider',
    code === 'http' && status !== undefined
      ? `The provider answered with status ${status}.`
      : message,
    {
      retryable,
      ...(providerCode !== undefined && { providerCode }),
      ...(requestId !== undefined && { requestId }),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    },
  )
}

/** Events as they were received, with the evidence of an error that {@link afterSending} omits. */
export function received(events: readonly ChatEvent[]): {
  events: ChatEvent[]
  raw: unknown
} {
  const last = events.at(-1)
  const raw = last?.type === 'done' ? last.error?.raw : undefined
  const stripped = events.map((event) => {
    if (event.type === 'error') return { ...event, error: withoutRaw(event.error) }
    if (event.type === 'done' && event.error !== undefined) {
      return { ...event, error: withoutRaw(event.error) }
    }
    return event
  })
  return { events: stripped, raw }
}

function withoutRaw(error: ChatError): ChatError {
  if (!isChatError(error)) throw new Error('the error is no ChatError')
  const { message, code, retryable, name: _, raw: __, ...evidence } = error
  return new ChatError(code, error.message, { ...evidence, retryable })
}

/** The events of an answer with the `done` that they add up to. */
export function answerOf(
  content: readonly ContentEvent[],
  facts: Partial<Extract<ChatEvent, { type: 'done' }>> = {},
): ChatEvent[] {
  const first = content.filter((event) => !event.choice)
  const sum = (type: string): string =>
    first.map((event) => (event.type === type && 'text' in event ? event.text : '')).join('')
  const list = (type: string): unknown[] =>
    first.flatMap((event) => {
      const { type: own, ...rest } = event
      return own === type ? [rest] : []
    })
  const { error } = facts
  const done = {
    type: 'done',
    finishReason: 'stop',
    text: sum('text'),
    reasoning: sum('reasoning'),
    refusal: sum('refusal'),
    toolCalls: list('tool-call'),
    toolResults: list('tool-result'),
    sources: list('source'),
    files: list('file'),
    timing: { totalMs: 1 },
    ...facts,
  } as Extract<ChatEvent, { type: 'done' }>
  return [...content, ...(error === undefined ? [] : [{ type: 'error', error } as const]), done]
}
