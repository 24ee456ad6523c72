import { bufferEvents } from './buffer/buffer-events.ts'
import type { ResolvedBuffer } from './buffer/text-buffer.ts'
import {
  addToResult,
  type ChatEvent,
  type ChatResult,
  type ContentEvent,
  emptyResult,
  type FinishReason,
} from './chat-event.ts'
import { ChatError } from './errors.ts'
import type { WireEvent } from './formats/format.ts'
import { isRetryableWord } from './provider-error.ts'

type Emit = (event: ChatEvent) => void

/**
 * How much text may be in pieces, in UTF-16 code units. Engines keep what was appended as it came
 * until somebody looks into it, and a million pieces hold up the garbage collector for 100 ms.
 */
const MAX_LOOSE_LENGTH = 65_536

/** One answer as its consumer sees it: takes wire events, hands on chat events, ends once. */
export interface Answer {
  /** Takes what a format's decoder hands on. */
  take(event: WireEvent): void
  /** The chunk is over: hands on the text that it brought. */
  endTextRun(): void
  /** Ends with a `done`. */
  finish(reason: FinishReason): void
  /** Ends with an `error` and a `done`. */
  fail(error: ChatError): void
  /** Ends as aborted; `emit` gets the one event that is still to come. */
  abort(emit: Emit, last: ChatEvent | undefined): void
  /** Lets go of text that is held back for rendering. */
  release(): void
  begin(): void
  responded(): void
  /** Where events go. */
  out: Emit
  /** All that arrived so far; a copy, but for its lists. */
  result(): ChatResult
  /** Why the answer ended, once the format has said so. */
  finishReason(): FinishReason | undefined
  contentCount(): number
  isHolding(): boolean
  isOver(): boolean
}

/**
 * Keeps the promises about the events of one answer: one `done`, always last; at most one `error`,
 * directly before it; text held back goes out before either; the result holds all that arrived.
 */
export function createAnswer(bufferOptions: ResolvedBuffer | undefined): Answer {
  const result = emptyResult()
  const buffer = bufferOptions && bufferEvents<ChatEvent>(bufferOptions)
  let startedAt = 0
  let finishReason: FinishReason | undefined
  let contentCount = 0
  let isOver = false
  /** The text of neighbouring deltas in one chunk, which is handed on as one event. */
  let textRun = ''
  /** The end of the text, not yet in `result`. */
  let loose = ''

  /** Brings the result's text up to date. */
  function settleText(): void {
    answer.endTextRun()
    joinText()
  }

  function joinText(): void {
    // To look into it is what makes it one piece. One that is larger by far came as one.
    if (loose.length >= MAX_LOOSE_LENGTH && loose.length < 4 * MAX_LOOSE_LENGTH) loose.charCodeAt(0)
    result.text += loose
    loose = ''
  }

  function elapsed(): number {
    return performance.now() - startedAt
  }

  function handOn(event: ContentEvent): void {
    if (buffer === undefined) answer.out(event)
    else buffer.push(event, answer.out)
  }

  function takeFacts({ type: _, ...facts }: Extract<WireEvent, { type: 'facts' }>): void {
    Object.assign(result, facts)
    if (!('finishReason' in facts)) return
    finishReason = facts.finishReason
    if (finishReason !== undefined) return
    result.finishReason = 'unknown'
    delete result.rawFinishReason
  }

  const answer: Answer = {
    out() {},
    result() {
      settleText()
      return { ...result, timing: { ...result.timing, totalMs: elapsed() } }
    },
    finishReason() {
      return finishReason
    },
    contentCount() {
      return contentCount
    },
    isHolding() {
      return buffer?.isHolding() ?? false
    },
    isOver() {
      return isOver
    },
    begin() {
      startedAt = performance.now()
    },
    responded() {
      result.timing.responseMs ??= elapsed()
    },
    take(event) {
      if (isOver) return
      if (typeof event === 'string') {
        contentCount++
        textRun += event
        return
      }
      switch (event.type) {
        case 'facts':
          return takeFacts(event)
        case 'complete':
          return answer.finish(finishReason ?? 'stop')
        case 'error':
          return answer.fail(event.error)
        default:
          settleText()
          contentCount++
          addToResult(result, event)
          handOn(event)
      }
    },
    endTextRun() {
      if (textRun === '') return
      const text = textRun
      textRun = ''
      loose += text
      if (loose.length >= MAX_LOOSE_LENGTH) joinText()
      result.timing.firstTextMs ??= elapsed()
      handOn({ type: 'text', text })
    },
    finish(reason) {
      if (isOver) return
      if (reason === 'error') return answer.fail(unexplainedError(result.rawFinishReason))
      end(reason)
    },
    fail(error) {
      if (isOver) return
      answer.endTextRun()
      buffer?.end(answer.out)
      result.error = error
      answer.out({ type: 'error', error })
      end('error')
    },
    abort(emit, last) {
      settleText()
      isOver = true
      // An error that was already handed out keeps its own end.
      if (last?.type === 'error') return emit({ type: 'done', ...result })
      const { error: _, ...rest } = result
      const timing = { ...rest.timing, totalMs: elapsed() }
      emit({ type: 'done', ...rest, finishReason: 'aborted', timing })
    },
    release() {
      buffer?.release(answer.out)
    },
  }

  function end(reason: FinishReason): void {
    settleText()
    result.finishReason = reason
    isOver = true
    buffer?.end(answer.out)
    result.timing.totalMs = elapsed()
    answer.out({ type: 'done', ...result })
  }

  return answer
}

/** The error for an answer whose finish reason is an error, without more about it. */
function unexplainedError(raw = ''): ChatError {
  return new ChatError(
    'provider',
    'The provider ended the answer with an error, without a reason.',
    {
      raw,
      providerCode: raw,
      retryable: isRetryableWord(raw),
    },
  )
}
