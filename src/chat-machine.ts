import { type BufferStage, bufferEvents } from './buffer/buffer-events.ts'
import type { ResolvedBuffer } from './buffer/text-buffer.ts'
import {
  addToResult,
  type ChatEvent,
  type ContentEvent,
  emptyResult,
  type FinishReason,
  mergeText,
} from './chat-event.ts'
import { ChatError, isChatError } from './errors.ts'
import type { WireEvent, WireFormat } from './formats/format.ts'
import {
  type BodyFraming,
  type BodyKind,
  bodyKind,
  type Framing,
  frameBody,
} from './framing/choose.ts'
import type { SseEvent } from './framing/sse.ts'
import { decodeUtf8 } from './framing/utf8.ts'
import { connectionLost } from './transport/failures.ts'
import type { Machine } from './transport/machine.ts'
import { contentTypeError } from './transport/response.ts'
import { defined, parseJson } from './wire-value.ts'

/** How one answer is to be read. */
export interface ChatMachineOptions {
  format: WireFormat
  buffer: ResolvedBuffer | undefined
  requireEnd: boolean
  maxEventSize: number
  onFrame: ((frame: SseEvent) => void) | undefined
}

/** The machine of one answer: chunks of its body in, chat events out. */
export interface ChatMachine extends Machine<Uint8Array | string, ChatEvent> {
  /** The response's headers came. Without them the body is of kind `none`. */
  respond(contentType: string): void
}

type Emit = (event: ChatEvent) => void

/**
 * Joins the stages of one answer, bytes → frames → wire events → buffer, and keeps the promises about
 * its end: one `done`, at most one `error` before it, and nothing called complete that was cut off.
 */
export function chatMachine(options: ChatMachineOptions): ChatMachine {
  const { format, maxEventSize, onFrame } = options
  const decoder = format.decoder()
  const result = emptyResult()
  const buffer: BufferStage<ChatEvent> | undefined =
    options.buffer && bufferEvents<ChatEvent>(options.buffer)
  let frames = bodyFraming('none')
  const bytes = decodeUtf8()
  let kind: BodyKind = 'none'
  let contentType = ''
  let framing: Framing | undefined
  let startedAt = 0
  let frameCount = 0
  let contentCount = 0
  /** The text of neighbouring deltas in one chunk, which is handed on as one event. */
  let textRun = ''
  let isOver = false
  let isDecoderEnded = false
  /** The first value of a JSON body, kept until it is known whether it is the only one. */
  let onlyValue: SseEvent | undefined
  let finishReason: FinishReason | undefined
  /** What the end of the body cut off. */
  let pending: string | undefined
  /** Where events go: set by each call from the driver. */
  let out: Emit

  function bodyFraming(kind: BodyKind): BodyFraming {
    return frameBody(kind, {
      maxEventSize,
      rawBody: format.rawBody === true,
      takesText: decoder.pushText !== undefined,
      lenientEnd: true,
      onFraming(chosen) {
        framing = chosen
      },
      ...(onFrame && {
        onComment: (data: string) => onFrame({ type: 'comment', data, lastEventId: '' }),
      }),
    })
  }

  function onText(text: string): void {
    frames.push(text, onBodyFrame)
  }

  function onBodyFrame(frame: SseEvent): void {
    if (isOver) return
    frameCount++
    if (onFrame) onFrame({ ...frame })
    if (framing === 'unexpected') throw contentTypeError(contentType, frame.data)
    if (framing === 'json' && kind === 'json') {
      if (frameCount === 1) {
        onlyValue = frame
        return
      }
      if (onlyValue !== undefined) decode(onlyValue)
      onlyValue = undefined
    }
    decode(frame)
  }

  function decode(frame: SseEvent): void {
    if (framing === 'text') decoder.pushText?.(frame.data, onWireEvent)
    else decoder.push(frame, onWireEvent)
  }

  function onWireEvent(event: WireEvent): void {
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
        return finish(finishReason ?? 'stop')
      case 'error':
        return finishWithError(event.error)
      default:
        endTextRun()
        contentCount++
        addToResult(result, event)
        handOn(event)
    }
  }

  function endTextRun(): void {
    if (textRun === '') return
    const text = textRun
    textRun = ''
    result.text += text
    result.timing.firstTextMs ??= elapsed()
    handOn({ type: 'text', text })
  }

  function takeFacts({ type: _, ...facts }: Extract<WireEvent, { type: 'facts' }>): void {
    Object.assign(result, facts)
    finishReason = facts.finishReason ?? finishReason
  }

  function handOn(event: ContentEvent): void {
    if (buffer === undefined) out(event)
    else buffer.push(event, out)
  }

  /** The frame that the end of the body cut off counts if it is whole all the same. */
  function onLastFrame(frame: SseEvent): void {
    const isWhole = frame.data === '' || frame.data === '[DONE]' || isJson(frame.data)
    if (isWhole) onBodyFrame(frame)
    else if (!isOver) pending = frame.data
  }

  function endBody(): void {
    bytes.end(onText)
    frames.settle(onBodyFrame)
    frames.end(onLastFrame)
    if (onlyValue !== undefined && pending === undefined) return readWholeAnswer(onlyValue)
    endDecoder()
    if (isOver) return
    if (finishReason !== undefined) return finish(finishReason)
    const mustMarkEnd = decoder.marksEnd || options.requireEnd
    if (contentCount === 0 || pending !== undefined || mustMarkEnd) {
      return finishWithError(truncatedError(frameCount === 0, pending))
    }
    finish('unknown')
  }

  /**
   * The end was not regular: takes what came whole but still waited for what comes next. Returns what
   * is wrong with that, if anything.
   */
  function takeRest(): unknown {
    if (isOver) return undefined
    try {
      frames.settle(onBodyFrame)
      if (onlyValue !== undefined) decode(onlyValue)
      endDecoder()
    } catch (failure) {
      return failure
    }
    return undefined
  }

  function endDecoder(): void {
    if (isOver || isDecoderEnded) return
    isDecoderEnded = true
    decoder.end(onWireEvent)
  }

  /** A JSON body that is one value is either a whole answer or none at all. */
  function readWholeAnswer(frame: SseEvent): void {
    const events: WireEvent[] = []
    decoder.push(frame, (event) => events.push(event))
    decoder.end((event) => events.push(event))
    if (!events.some(isPartOfAnswer)) {
      return finishWithError(contentTypeError(contentType, frame.data))
    }
    for (const event of events) onWireEvent(event)
    if (!isOver) finish(finishReason ?? 'stop')
  }

  function finish(reason: FinishReason): void {
    if (reason === 'error' && result.error === undefined) {
      return finishWithError(unexplainedError(result.rawFinishReason))
    }
    endTextRun()
    result.finishReason = reason
    isOver = true
    buffer?.end(out)
    result.timing.totalMs = elapsed()
    out({ type: 'done', ...result })
  }

  function finishWithError(error: ChatError): void {
    // What the decoder still holds arrived before the error.
    endDecoder()
    if (isOver) return
    endTextRun()
    buffer?.end(out)
    result.error = error
    out({ type: 'error', error })
    finish('error')
  }

  function elapsed(): number {
    return performance.now() - startedAt
  }

  return {
    get contentCount() {
      return contentCount
    },
    get isHolding() {
      return buffer?.isHolding ?? false
    },
    get isOver() {
      return isOver
    },
    begin() {
      startedAt = performance.now()
    },
    respond(type) {
      contentType = type
      kind = bodyKind(type)
      frames = bodyFraming(kind)
      result.timing.responseMs = elapsed()
    },
    push(chunk, emit) {
      out = emit
      bytes.push(chunk, onText)
      if (!isOver) endTextRun()
    },
    end(emit) {
      out = emit
      endBody()
      return undefined
    },
    fail(failure, emit) {
      out = emit
      const fault = takeRest() ?? failure
      const error = isChatError(fault) ? fault : connectionLost(fault)
      // Why the answer ended is known: that the connection broke, or fell silent, after it is not
      // worth an error.
      const isQuiet = error.code === 'network' || error.code === 'timeout'
      if (isQuiet && error.phase !== 'signal' && finishReason !== undefined) {
        endDecoder()
        if (!isOver) finish(finishReason)
      } else if (!isOver) finishWithError(error)
      return undefined
    },
    abort(_reason, emit, last) {
      // What is still on its way to the queue counts as arrived, but is not handed out any more.
      out = () => {}
      takeRest()
      endTextRun()
      if (last?.type === 'error') {
        emit({ type: 'done', ...result })
        return undefined
      }
      const { error: _, ...rest } = result
      const timing = { ...rest.timing, totalMs: elapsed() }
      isOver = true
      emit({ type: 'done', ...rest, finishReason: 'aborted', timing })
      return undefined
    },
    merge: mergeText,
    release(emit) {
      buffer?.release(emit)
    },
  }
}

function isJson(text: string): boolean {
  return parseJson(text) !== undefined
}

/** Whether an event shows that a JSON value was an answer, or the report of a failure. */
function isPartOfAnswer(event: WireEvent): boolean {
  if (typeof event === 'string') return true
  return event.type === 'facts' ? event.finishReason !== undefined : event.type !== 'data'
}

/** The error for an answer whose finish reason is an error, without more about it. */
function unexplainedError(raw: string | undefined): ChatError {
  return new ChatError(
    'provider',
    'The provider ended the answer with an error and gave no reason.',
    {
      raw,
      ...defined({ providerCode: raw }),
    },
  )
}

function truncatedError(isEmpty: boolean, pending: string | undefined): ChatError {
  const what = isEmpty
    ? 'The response is empty: its body ended before anything came.'
    : 'The answer was cut off: the body ended without the end marker of its format.'
  return new ChatError(
    'truncated',
    `${what} What arrived is intact; send the request again for a whole answer.`,
    {
      retryable: true,
      ...defined({ pending }),
    },
  )
}
