import { type ChatResult, type ContentEvent, emptyResult } from '../chat-event.ts'
import { ChatError, isChatError } from '../errors.ts'
import { must } from '../must.ts'
import type { ChatStream, WithFormat } from '../stream-chat.ts'
import { closeQuietly } from '../transport/source.ts'
import { createDraft, type Draft } from './draft.ts'
import { type HoldBack, holdBack } from './hold-back.ts'
import type { ChatMessage } from './message.ts'
import { openAnswer } from './open-answer.ts'
import type { ChatOptions } from './options.ts'
import { createPacer } from './pace.ts'
import { callSafely } from './state.ts'
import { createTicker } from './ticker.ts'

/** An answer that is on its way. */
export interface Run {
  readonly draft: Draft
  /** Asks for the answer and reads it. The promise resolves with the end of the run. */
  start(messages: () => readonly ChatMessage[]): Promise<void>
  /**
   * Takes nothing more. What was held back is in the draft then, and no timer is left.
   *
   * @param isEarly - Whether the stream has more to say, and is to be closed.
   */
  end(isEarly: boolean): void
}

/**
 * Creates the run of one answer.
 *
 * @param onChange - Called when listeners are to be told of the draft.
 * @param onDone - Called with the result, unless the run was ended before.
 * @throws {TypeError} if options of the store are wrong.
 */
export function createRun(
  options: WithFormat<ChatOptions>,
  id: string,
  onChange: () => void,
  onDone: (result: ChatResult) => void,
): Run {
  const { notify = 'frame', pace } = options
  const draft = createDraft(id)
  const pacer = pace ? createPacer(pace === true ? {} : pace, draft.add) : undefined
  const ticker = createTicker(notify, tick, pacer !== undefined)
  let take = pacer?.push ?? draft.add
  let held: HoldBack | undefined
  let stream: ChatStream | undefined
  let isOver = false
  let settle = (): void => {}

  function tick(): void {
    pacer?.advance()
    if (draft.hasChanged()) onChange()
    // A listener may have ended the run.
    if (!isOver && pacer?.isPending()) ticker.request()
  }

  async function read(messages: () => readonly ChatMessage[]): Promise<void> {
    // Of several requests made at once only the last is sent.
    await undefined
    if (isOver) return
    const opened = await openAnswer(options, messages())
    stream = opened.stream
    if (isOver) return leave()
    if (opened.buffer !== undefined) {
      held = holdBack(opened.buffer, take, ticker.request)
      take = held.push
    }
    for await (const event of stream) {
      if (isOver) return
      if (event.type === 'done') onDone(event)
      // The error is in `done` as well. Of parallel answers the first is shown.
      else if (event.type !== 'error' && !event.choice) hear(event)
    }
    must(isOver, 'The stream ended without a done event')
  }

  function hear(event: ContentEvent): void {
    take(event)
    ticker.request()
    if (event.type === 'data') callSafely(() => options.onData?.(event))
  }

  function leave(): void {
    closeQuietly(async () => stream?.return())
  }

  return {
    draft,
    start(messages) {
      read(messages).catch((cause) => {
        if (isOver) return
        leave()
        const error = isChatError(cause)
          ? cause
          : new ChatError('callback', 'The request failed; see cause.', { cause })
        onDone({ ...emptyResult(), finishReason: 'error', error })
      })
      // Not the promise of `read`: that may wait for a `request` which never comes back.
      return new Promise((resolve) => {
        settle = resolve
      })
    },
    end(isEarly) {
      isOver = true
      settle()
      ticker.cancel()
      held?.end()
      pacer?.end()
      if (isEarly) leave()
    },
  }
}
