import { createAnswer } from './answer.ts'
import { type AnswerBody, answerBody } from './answer-body.ts'
import type { ResolvedBuffer } from './buffer/text-buffer.ts'
import { type ChatEvent, type ChatResult, mergeText } from './chat-event.ts'
import { ChatError, isChatError } from './errors.ts'
import type { WireDecoder, WireEvent, WireFormat } from './formats/format.ts'
import type { SseEvent } from './framing/sse.ts'
import { connectionLost } from './transport/failures.ts'
import type { Machine } from './transport/machine.ts'
import type { Position } from './transport/recovery.ts'
import { contentTypeError } from './transport/response.ts'
import { asObject, defined, parseJson } from './wire-value.ts'

/** How one answer is to be read. */
export interface ChatMachineOptions {
  format: WireFormat
  buffer: ResolvedBuffer | undefined
  requireEnd: boolean
  maxEventSize: number
  /** The last event ID that the request asks to go on from; `''` if none. */
  lastEventId: string
  /** Whether the answer may go on over another connection. */
  mayResume: boolean
  onFrame: ((frame: SseEvent) => void) | undefined
}

/** The machine of one answer: chunks of its body in, chat events out. */
export interface ChatMachine extends Machine<Uint8Array | string, ChatEvent> {
  /** A connection's response headers came. Without them the body is read by its first bytes alone. */
  connect(contentType: string, maxEventSize?: number): void
  /** Forgets what a failed attempt said before any content, so that another can begin. */
  restart(): void
  /** Whether the format has said why the answer ended. */
  hasFinishReason(): boolean
  /** Where another connection would go on. */
  position(): Position
  /** What arrived so far. */
  result(): ChatResult
}

/**
 * Joins the stages of one answer, bytes → text → frames → wire events → {@link createAnswer}, and
 * decides what the end of the body means: nothing is called complete that was cut off.
 */
export function chatMachine(options: ChatMachineOptions): ChatMachine {
  const { format } = options
  const answer = createAnswer(options.buffer)
  const position: Position = { lastEventId: options.lastEventId }
  let decoder: WireDecoder
  let isDecoderEnded: boolean
  let contentType: string
  let body: AnswerBody

  function connect(type: string, maxEventSize = options.maxEventSize): void {
    contentType = type
    body = answerBody({
      contentType,
      maxEventSize,
      rawBody: format.rawBody === true,
      takesText: decoder.pushText !== undefined,
      position,
      onFrame: options.onFrame,
      decode(frame, isText) {
        if (isText) decoder.pushText?.(frame.data, takeEvent)
        else decoder.push(frame, takeEvent)
      },
      isOver: answer.isOver,
    })
  }

  function restart(): void {
    decoder = format.decoder()
    isDecoderEnded = false
    connect('')
  }

  function takeEvent(event: WireEvent): void {
    // What the decoder still holds arrived before the error.
    if (typeof event === 'object' && event.type === 'error') endDecoder()
    answer.take(event)
  }

  function endBody(): void {
    const { isEmpty, pending, onlyValue } = body.end()
    if (onlyValue !== undefined) return readWholeAnswer(onlyValue)
    if (answer.isOver()) return
    const isCut = (): boolean =>
      answer.contentCount() === 0 ||
      pending !== undefined ||
      decoder.marksEnd() ||
      options.requireEnd
    const truncated = (): ChatError => truncatedError(isEmpty, pending)
    // What the decoder holds is still open if the answer goes on over another connection.
    const isOpen = answer.finishReason() === undefined
    if (options.mayResume && isOpen && isCut()) throw truncated()
    endDecoder()
    // A format that says why only now may have gone by a piece that was not the last one.
    const reason = isOpen && pending !== undefined ? undefined : answer.finishReason()
    if (reason === undefined && isCut()) throw truncated()
    answer.finish(reason ?? 'unknown')
  }

  /** A JSON body that is one value is either a whole answer or none at all. */
  function readWholeAnswer(frame: SseEvent): void {
    const events: WireEvent[] = []
    const json = parseJson(frame.data)
    if (typeof json === 'string' || (typeof json === 'object' && json !== null)) {
      decoder.push(frame, (event) => events.push(event), json)
      decoder.end((event) => events.push(event))
    }
    isDecoderEnded = true
    if (!events.some(isPartOfAnswer)) throw contentTypeError(contentType, frame.data)
    for (const event of events) answer.take(event)
    const reason = answer.finishReason()
    // A piece of a stream that stands alone is no whole answer.
    if (reason === undefined && decoder.marksEnd()) throw truncatedError(false)
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
      body.settle()
      endDecoder()
    } catch (failure) {
      return failure
    }
    return undefined
  }

  restart()
  return {
    contentCount: answer.contentCount,
    isHolding: answer.isHolding,
    isOver: answer.isOver,
    begin: answer.begin,
    connect(type, maxEventSize) {
      connect(type, maxEventSize)
      answer.responded()
    },
    restart,
    hasFinishReason: () => answer.finishReason() !== undefined,
    position: () => position,
    result: answer.result,
    push(chunk, emit) {
      answer.out = emit
      body.push(chunk)
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
      answer.out = nowhere
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

function nowhere(): void {}

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
