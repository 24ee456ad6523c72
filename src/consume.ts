import { bufferEvents } from './buffer/buffer-events.ts'
import { type BufferSpec, resolveBuffer } from './buffer/text-buffer.ts'
import {
  addToResult,
  type ChatEvent,
  type ChatResult,
  emptyResult,
  mergeText,
} from './chat-event.ts'
import type { ChatError } from './errors.ts'
import { must } from './must.ts'
import { DrivenStream } from './transport/driver.ts'
import { type Machine, plainMachine } from './transport/machine.ts'
import { discardSource, iterableSource } from './transport/source.ts'

/**
 * Reads a whole answer and returns its result. An aborted answer is a result too, with the finish
 * reason `'aborted'`.
 *
 * @throws {ChatError} the stream's error, if one came, with `result` holding what arrived before it.
 * @example
 * const { text, usage } = await collect(streamChat({ url: '/api/chat', json: { messages } }))
 */
export async function collect(events: AsyncIterable<ChatEvent>): Promise<ChatResult> {
  const answer = gather()
  for await (const event of events) answer.add(event)
  const error = answer.error()
  if (error !== undefined) throw error
  return answer.result()
}

/**
 * Yields only the answer's text. Its end is the end of the answer, or an abort.
 *
 * @throws {ChatError} the stream's error, if one came, after the text before it, with `result`
 * holding what arrived.
 * @example
 * for await (const text of textOf(streamChat({ url: '/api/chat' }))) process.stdout.write(text)
 */
export function textOf(events: AsyncIterable<ChatEvent>): AsyncGenerator<string, void, undefined> {
  const answer = gather()
  return drive<ChatEvent, string>(events, {
    push(event, emit) {
      answer.add(event)
      if (event.type === 'text' && !event.choice) emit(event.text)
    },
    end() {
      const error = answer.error()
      return error && { error }
    },
  })
}

/**
 * Holds text back so that it comes in whole words, lines or pieces of N characters, for events from
 * anywhere; the `buffer` option does the same within a stream. Never waits longer than `maxHoldMs`.
 *
 * @throws {TypeError} at once, if `spec` is not a valid buffer.
 */
export function bufferText(
  events: AsyncIterable<ChatEvent>,
  spec: BufferSpec,
): AsyncGenerator<ChatEvent, void, undefined> {
  const options = resolveBuffer(spec)
  const buffer = bufferEvents<ChatEvent>(options)
  let contentCount = 0
  return drive<ChatEvent, ChatEvent>(
    events,
    {
      contentCount() {
        return contentCount
      },
      push(event, emit) {
        contentCount++
        buffer.push(event, emit)
      },
      end(emit) {
        buffer.end(emit)
        return undefined
      },
      fail(error, emit) {
        buffer.end(emit)
        return { error }
      },
      merge: mergeText,
      release: buffer.release,
      isHolding() {
        return buffer.isHolding()
      },
    },
    Math.max(options.maxHoldMs, 1),
  )
}

/** The result of events that may come from anywhere, with or without a `done`. */
function gather() {
  const parts = emptyResult()
  let failure: ChatError | undefined
  let done: ChatResult | undefined
  return {
    add(event: ChatEvent): void {
      if (event.type === 'error') failure = event.error
      else if (event.type === 'done') {
        const { type: _, ...result } = event
        done = result
      } else addToResult(parts, event)
    },
    result(): ChatResult {
      if (done !== undefined) return done
      return failure === undefined ? parts : { ...parts, finishReason: 'error', error: failure }
    },
    /** The error to throw, with the result attached; not enumerable, for the result holds it in turn. */
    error(): ChatError | undefined {
      if (failure === undefined) return undefined
      return Object.defineProperty(failure, 'result', {
        value: this.result(),
        configurable: true,
        enumerable: false,
        writable: true,
      })
    },
  }
}

/** A stream over other events: nothing is read ahead, because their source already does. */
function drive<In, Out>(
  events: AsyncIterable<In>,
  machine: Pick<Machine<In, Out>, 'push' | 'end'> & Partial<Machine<In, Out>>,
  holdMs = 0,
): AsyncGenerator<Out, void, undefined> {
  must(
    typeof events?.[Symbol.asyncIterator] === 'function',
    'events must be an async iterable of chat events',
  )
  return new DrivenStream<In, Out>({
    machine: { ...plainMachine, ...machine },
    open: async () => iterableSource(events),
    discard: () => discardSource(events),
    limits: { readAheadBytes: 0 },
    holdMs,
  })
}
