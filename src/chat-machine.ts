import { createAnswer } from './answer.ts'
import type { ResolvedBuffer } from './buffer/text-buffer.ts'
import { type ChatEvent, mergeText } from './chat-event.ts'
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
import { asObject, defined, parseJson } from './wire-value.ts'

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

/** How much of a body that is no answer is read, to be shown with the error. */
const MAX_REFUSED_LENGTH = 4096

/**
 * Joins the stages of one answer, bytes → text → frames → wire events → {@link createAnswer}, and
 * decides what the end of the body means: nothing is called complete that was cut off.
 */
export function chatMachine(options: ChatMachineOptions): ChatMachine {
  const { format, maxEventSize, onFrame } = options
  const decoder = format.decoder()
  const answer = createAnswer(options.buffer)
  const bytes = decodeUtf8()
  let frames = bodyFraming('none')
  let kind: BodyKind = 'none'
  let contentType = ''
  let framing: Framing | undefined
  let frameCount = 0
  let isDecoderEnded = false
  /** The first value of a JSON body, kept until it is known whether it is the only one. */
  let onlyValue: SseEvent | undefined
  /** The start of a body that is no answer at all. */
  let refused = ''
  /** The frame that the end of the body cut off. */
  let pending: string | undefined

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
    if (answer.isOver()) return
    frameCount++
    if (onFrame) onFrame({ ...frame })
    if (framing === 'unexpected') {
      refused += frame.data
      if (refused.length >= MAX_REFUSED_LENGTH) refuse(refused)
      return
    }
    if (framing === 'json' && kind === 'json') {
      if (frameCount === 1) {
        onlyValue = frame
        return
      }
      decodeOnlyValue()
    }
    decode(frame)
  }

  function refuse(body: string): void {
    answer.fail(contentTypeError(contentType, body))
  }

  function decode(frame: SseEvent): void {
    if (framing === 'text') decoder.pushText?.(frame.data, takeEvent)
    else decoder.push(frame, takeEvent)
  }

  function decodeOnlyValue(): void {
    const value = onlyValue
    onlyValue = undefined
    if (value !== undefined) decode(value)
  }

  function takeEvent(event: WireEvent): void {
    // What the decoder still holds arrived before the error.
    if (typeof event === 'object' && event.type === 'error') endDecoder()
    answer.take(event)
  }

  /** The frame that the end of the body cut off counts if it is whole all the same. */
  function onLastFrame(frame: SseEvent): void {
    const isWhole = frame.data === '' || frame.data === '[DONE]' || isJson(frame.data)
    if (isWhole) onBodyFrame(frame)
    else if (!answer.isOver()) pending = frame.data
  }

  function endBody(): void {
    bytes.end(onText)
    frames.settle(onBodyFrame)
    frames.end(onLastFrame)
    if (refused !== '') return refuse(refused)
    if (onlyValue !== undefined && pending === undefined) return readWholeAnswer(onlyValue)
    decodeOnlyValue()
    endDecoder()
    const reason = answer.finishReason()
    if (reason !== undefined) return answer.finish(reason)
    const mustMarkEnd = decoder.marksEnd() || options.requireEnd
    const isCut = answer.contentCount() === 0 || pending !== undefined || mustMarkEnd
    const isEmpty = frameCount === 0 && pending === undefined
    if (isCut) answer.fail(truncatedError(isEmpty, pending))
    else answer.finish('unknown')
  }

  /** A JSON body that is one value is either a whole answer or none at all. */
  function readWholeAnswer(frame: SseEvent): void {
    const events: WireEvent[] = []
    const json = parseJson(frame.data)
    if (typeof json === 'string' || (typeof json === 'object' && json !== null)) {
      decoder.push(frame, (event) => events.push(event))
      decoder.end((event) => events.push(event))
    }
    if (!events.some(isPartOfAnswer)) return refuse(frame.data)
    for (const event of events) answer.take(event)
    const reason = answer.finishReason()
    // A piece of a stream that stands alone is no whole answer.
    if (reason === undefined && decoder.marksEnd()) return answer.fail(truncatedError(false))
    const isPiece = asObject(json)?.['done'] === false
    answer.finish(reason ?? (isPiece ? 'unknown' : 'stop'))
  }

  function endDecoder(): void {
    if (answer.isOver() || isDecoderEnded) return
    isDecoderEnded = true
    decoder.end(takeEvent)
  }

  /**
   * The end was not regular: takes what came whole but still waited for what comes next. Returns what
   * is wrong with that, if anything.
   */
  function takeRest(): unknown {
    if (answer.isOver()) return undefined
    try {
      frames.settle(onBodyFrame)
      if (refused !== '') return contentTypeError(contentType, refused)
      decodeOnlyValue()
      endDecoder()
    } catch (failure) {
      return failure
    }
    return undefined
  }

  return {
    contentCount() {
      return answer.contentCount()
    },
    isHolding() {
      return answer.isHolding()
    },
    isOver() {
      return answer.isOver()
    },
    begin: answer.begin,
    respond(type) {
      contentType = type
      kind = bodyKind(type)
      frames = bodyFraming(kind)
      answer.responded()
    },
    push(chunk, emit) {
      answer.out = emit
      bytes.push(chunk, onText)
      if (!answer.isOver()) answer.endTextRun()
    },
    end(emit) {
      answer.out = emit
      endBody()
      return undefined
    },
    fail(failure, emit) {
      answer.out = emit
      const fault = takeRest() ?? failure
      const error = isChatError(fault) ? fault : connectionLost(fault)
      // Why the answer ended is known: that the connection broke, or fell silent, after it is not
      // worth an error. A deadline of the caller's own still is.
      const isQuiet = /^(?:network|timeout)$/.test(error.code) && error.phase !== 'signal'
      const reason = answer.finishReason()
      if (isQuiet && reason !== undefined) answer.finish(reason)
      else answer.fail(error)
      return undefined
    },
    abort(_reason, emit, last) {
      // What is still on its way to the queue counts as arrived, but is not handed out any more.
      answer.out = () => {}
      takeRest()
      answer.abort(emit, last)
      return undefined
    },
    merge: mergeText,
    release(emit) {
      answer.out = emit
      answer.release()
    },
  }
}

function isJson(text: string): boolean {
  // With the code of the AI SDK's data stream v1 before it, where there is one.
  return parseJson(text.replace(/^[0-9a-k]:/, '')) !== undefined
}

/** Whether an event shows that a JSON value was an answer, or the report of a failure. */
function isPartOfAnswer(event: WireEvent): boolean {
  if (typeof event === 'string') return true
  return event.type === 'facts' ? event.finishReason !== undefined : event.type !== 'data'
}

function truncatedError(isEmpty: boolean, pending?: string): ChatError {
  const what = isEmpty
    ? 'The response is empty: its body ended before anything came.'
    : 'The answer was cut off: the body ended without the end marker of its format.'
  return new ChatError('truncated', `${what} Send the request again for a whole answer.`, {
    retryable: true,
    ...defined({ pending }),
  })
}
