import type { Stage } from '../stage.ts'
import { takeBareObjects } from './bare-objects.ts'
import { type BodyKind, chooseFraming, type Framing } from './choose.ts'
import { splitDataLines } from './data-lines.ts'
import { splitJsonValues } from './json-values.ts'
import { splitLines } from './lines.ts'
import { parseSse, type SseEvent, type SseParserOptions } from './sse.ts'
import { passText } from './text.ts'

/**
 * An event without data, after which nothing but comments comes. The spec does not dispatch it,
 * though it is how some chats say that they are over: `event: end`.
 */
const UNSEEN_EVENT = /(?:^|\r\r|\n\r?\n)event: ?(\w{1,32})(?:[\r\n](?::[^\r\n]*)?)*$/

/** How much of the end of an event stream is kept for it, in UTF-16 code units. */
const MAX_TAIL = 4096

/** Options of {@link frameBody}. */
export interface FrameBodyOptions extends SseParserOptions {
  maxEventSize: number
  /** Whether the body is raw text whatever it looks like. */
  rawBody: boolean
  /** Whether the format can be bare text. */
  takesText: boolean
  /** Called once, as soon as the framing is known. */
  onFraming(framing: Framing): void
}

/** The framing of one body. */
export interface BodyFraming extends Stage<string, SseEvent> {
  /** Nothing more comes, and the end was not regular: hands on what only waits for a choice. */
  settle(emit: (frame: SseEvent) => void): void
}

/** A body's text → frames, by the framing that its kind and its first characters call for. */
export function frameBody(kind: BodyKind, options: FrameBodyOptions): BodyFraming {
  const { maxEventSize } = options
  let held = ''
  /** The end of an event stream: see {@link UNSEEN_EVENT}. */
  let older = ''
  let newer = ''
  let isSse = false
  let chosen: Stage<string, SseEvent> | undefined

  function choose(final: boolean): Stage<string, SseEvent> | undefined {
    const raw = options.rawBody && kind !== 'event-stream' && kind !== 'html'
    const framing = raw ? 'text' : chooseFraming(kind, held, final, options.takesText)
    if (framing === undefined) return undefined
    options.onFraming(framing)
    switch (framing) {
      case 'sse':
        isSse = true
        return takeBareObjects(parseSse(options))
      case 'data-lines':
        return splitDataLines(maxEventSize)
      case 'lines':
        return splitLines(maxEventSize)
      case 'json':
        return splitJsonValues(maxEventSize)
      default:
        return passText()
    }
  }

  function start(final: boolean, emit: (frame: SseEvent) => void): void {
    chosen = choose(final)
    if (chosen === undefined || held === '') return
    const text = held
    held = ''
    chosen.push(text, emit)
  }

  /** Two buckets, the older one dropped when the newer is full: cheaper than cutting every time. */
  function keepTail(text: string): void {
    newer += text
    if (newer.length < MAX_TAIL) return
    older = newer
    newer = ''
  }

  return {
    push(text, emit) {
      if (isSse || chosen === undefined) keepTail(text)
      if (chosen !== undefined) return chosen.push(text, emit)
      held += text
      start(false, emit)
    },
    settle(emit) {
      if (chosen === undefined) start(true, emit)
    },
    end(emit) {
      this.settle(emit)
      chosen?.end(emit)
      if (!isSse) return
      const tail = (older + newer).slice(-MAX_TAIL)
      const name = UNSEEN_EVENT.exec(tail)?.[1]
      if (name !== undefined) emit({ type: name, data: '', lastEventId: '' })
    },
  }
}
