import { DONE } from './formats/frames.ts'
import { type BodyFraming, frameBody } from './framing/body.ts'
import { bodyKind, type Framing } from './framing/choose.ts'
import type { SseEvent } from './framing/sse.ts'
import { decodeUtf8 } from './framing/utf8.ts'
import type { Position } from './transport/recovery.ts'
import { contentTypeError } from './transport/response.ts'
import { defined, parseJson } from './wire-value.ts'

/** How one body is to be read, and who takes its frames. */
export interface AnswerBodyOptions {
  /** The Content-Type header; `''` if there is none. */
  contentType: string
  /** Whether the body is raw text whatever it looks like. */
  rawBody: boolean
  /** Whether the format can be bare text. */
  takesText: boolean
  maxEventSize: number
  /** Where the connection before left off; kept up to date. */
  position: Position
  onFrame: ((frame: SseEvent) => void) | undefined
  /** Takes the next frame, which is a piece of text if `isText`. */
  decode(frame: SseEvent, isText: boolean): void
  /** Whether the answer has ended, so that no more frames are wanted. */
  isOver(): boolean
}

/** What the end of a body cut off or left open. */
export interface BodyEnd {
  /** Nothing came at all. */
  isEmpty: boolean
  /** The frame that the end cut off. */
  pending?: string
  /** The only value of a JSON body. It was not decoded: it is a whole answer, or none. */
  onlyValue?: SseEvent
}

/** The body of one connection on its way to the decoder: bytes → text → frames. */
export interface AnswerBody {
  /** Throws a `ChatError`: `content-type` if this is no answer, `too-large`, `callback`. */
  push(chunk: Uint8Array | string): void
  /** The body ended: hands on the rest. Throws as `push` does. */
  end(): BodyEnd
  /** The connection failed: hands on what came whole but waited for more. Throws as `push` does. */
  settle(): void
}

/** How much of a body that is no answer is read, to be shown with the error. */
const MAX_REFUSED_LENGTH = 4096

export function answerBody(options: AnswerBodyOptions): AnswerBody {
  const { contentType, onFrame, isOver, position } = options
  const kind = bodyKind(contentType)
  const bytes = decodeUtf8()
  let framing: Framing | undefined
  let frameCount = 0
  let isEnding = false
  /** The first value of a JSON body, kept until it is known whether it is the only one. */
  let onlyValue: SseEvent | undefined
  /** The start of a body that is no answer at all. */
  let refused = ''
  /** The frame that the end of the body cut off. */
  let pending: string | undefined

  const frames: BodyFraming = frameBody(kind, {
    maxEventSize: options.maxEventSize,
    rawBody: options.rawBody,
    takesText: options.takesText,
    lenientEnd: true,
    lastEventId: position.lastEventId,
    onLastEventId(id) {
      // The id of an event that the end cut off must not count as seen.
      if (!isEnding) position.lastEventId = id
    },
    onReconnectionTime(ms) {
      position.reconnectionMs = ms
    },
    onFraming(chosen) {
      framing = chosen
    },
    ...(onFrame && {
      onComment: (data: string) => onFrame({ type: 'comment', data, lastEventId: '' }),
    }),
  })

  function onText(text: string): void {
    frames.push(text, takeFrame)
  }

  function takeFrame(frame: SseEvent): void {
    if (isOver()) return
    frameCount++
    if (onFrame) onFrame({ ...frame })
    if (framing === 'unexpected') {
      refused += frame.data
      if (refused.length >= MAX_REFUSED_LENGTH) checkRefused()
      return
    }
    if (framing === 'json' && kind === 'json') {
      if (frameCount === 1) {
        onlyValue = frame
        return
      }
      decodeOnlyValue()
    }
    options.decode(frame, framing === 'text')
  }

  function checkRefused(): void {
    if (refused !== '') throw contentTypeError(contentType, refused)
  }

  function decodeOnlyValue(): void {
    const value = onlyValue
    onlyValue = undefined
    if (value !== undefined) options.decode(value, false)
  }

  /** The frame that the end of the body cut off counts if it is whole all the same. */
  function takeLastFrame(frame: SseEvent): void {
    if (isOver()) return
    const { data, lastEventId } = frame
    if (data !== '' && data !== DONE && !isJson(data)) {
      pending = data
      return
    }
    if (lastEventId !== '') position.lastEventId = lastEventId
    takeFrame(frame)
  }

  return {
    push(chunk) {
      bytes.push(chunk, onText)
    },
    end() {
      bytes.end(onText)
      frames.settle(takeFrame)
      isEnding = true
      frames.end(takeLastFrame)
      checkRefused()
      if (pending !== undefined) decodeOnlyValue()
      const end = { isEmpty: frameCount === 0 && pending === undefined }
      const rest = defined({ pending, onlyValue })
      onlyValue = undefined
      return { ...end, ...rest }
    },
    settle() {
      frames.settle(takeFrame)
      checkRefused()
      decodeOnlyValue()
    },
  }
}

function isJson(text: string): boolean {
  // With the code of the AI SDK's data stream v1 before it, where there is one.
  return parseJson(text.replace(/^[0-9a-k]:/, '')) !== undefined
}
