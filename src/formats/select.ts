import type { ContentEvent, FinishReason, Usage } from '../chat-event.ts'
import { ChatError, isChatError } from '../errors.ts'
import { frameOf } from '../framing/lines.ts'
import type { SseEvent } from '../framing/sse.ts'
import { must } from '../must.ts'
import { providerError } from '../provider-error.ts'
import { isObject, parseJson } from '../wire-value.ts'
import type { Emit, WireEvent, WireFormat } from './format.ts'
import { DONE } from './frames.ts'

/**
 * What a {@link select} function makes of one frame: an event, several, a string as short for a
 * text event, or `undefined` for nothing.
 */
export type Selected = SelectedEvent | SelectedEvent[] | string | undefined

/** A chat event as {@link select} takes it: of a `done` only these two keys are read. */
export type SelectedEvent =
  | ContentEvent
  | { type: 'error'; error: unknown }
  | { type: 'done'; finishReason?: FinishReason; usage?: Usage }

/**
 * A format of your own: `select` is called with each frame's payload (its JSON, or its text where
 * that is not JSON) and the frame itself.
 *
 * `[DONE]` ends the answer without being asked about. Returning a `done` event ends it too, with
 * that event's `finishReason` and `usage`; returning an `error` event ends it with that error. A
 * body that just ends has the finish reason `'unknown'`. If `select` throws or returns anything
 * else, the stream ends with a `ChatError` of code `callback`.
 *
 * @example
 * const format = select((payload) => (payload as { answer?: string }).answer)
 */
export function select(fn: (payload: unknown, frame: SseEvent) => Selected): WireFormat {
  must(typeof fn === 'function', 'select takes a function')

  function ask(payload: unknown, frame: SseEvent): readonly unknown[] {
    try {
      const selected: unknown = fn(payload, frame)
      return Array.isArray(selected) ? selected : [selected]
    } catch (cause) {
      throw new ChatError('callback', 'The function of select threw; see cause.', { cause })
    }
  }

  return {
    name: 'select',
    decoder: () => ({
      marksEnd: () => false,
      push(frame, emit, parsed) {
        if (frame.data === DONE) return emit({ type: 'complete' })
        const json = parsed ?? parseJson(frame.data)
        const payload = json === undefined ? frame.data : json
        for (const item of ask(payload, frame)) handOn(item, emit)
      },
      pushText(text, emit) {
        for (const item of ask(text, frameOf(text))) handOn(item, emit)
      },
      end() {},
    }),
  }
}

const TEXT = /^(?:text|reasoning|refusal)$/
const OTHER = /^(?:tool-call-delta|tool-call|tool-result|source|file|data)$/

function handOn(item: unknown, emit: Emit): void {
  if (item === undefined || item === null || item === '') return
  if (typeof item === 'string') return emit(item)
  const type = isObject(item) ? item['type'] : undefined
  if (typeof type === 'string' && isObject(item)) {
    const { text, choice } = item
    if (type === 'text' && typeof text === 'string' && !choice) return emit(text)
    // A copy: neighbouring texts are joined in place further on, and the caller may keep theirs.
    const isEvent = TEXT.test(type) ? typeof text === 'string' : OTHER.test(type)
    if (isEvent) return emit({ ...item } as unknown as WireEvent)
  }
  if (type === 'error') {
    const { error } = item as { error: unknown }
    return emit({ type: 'error', error: isChatError(error) ? error : providerError(error) })
  }
  if (type === 'done') {
    const { finishReason, usage } = item as Extract<SelectedEvent, { type: 'done' }>
    emit({ type: 'facts', ...(finishReason && { finishReason }), ...(usage && { usage }) })
    return emit({ type: 'complete' })
  }
  // An async function that fails must not be a rejection nobody handles.
  if (item instanceof Promise) item.catch(() => {})
  throw new ChatError(
    'callback',
    'The function of select must return a chat event, an array of them, a string or undefined.',
  )
}
