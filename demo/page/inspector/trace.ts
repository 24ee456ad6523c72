import type { ChatError, ChatEvent, FinishReason } from 'chatwire'

/** Something that was counted up to some point in time, in milliseconds since the request. */
export interface Step {
  at: number
  /** All characters so far, reasoning included, in UTF-16 code units. */
  chars: number
}

/** What happened while one answer streamed. Times are milliseconds since the request was made. */
export interface Trace {
  /** When the headers came; absent until then. */
  responseAt?: number
  chunks: { at: number; bytes: number; startsInsideCharacter: boolean }[]
  frames: { at: number; isKeepalive: boolean }[]
  /** Text as it was decoded, before the buffer. */
  arrived: Step[]
  /** Text as the buffer let it go. */
  handedOut: Step[]
  /** How many events the store got, of whatever kind. */
  eventTimes: number[]
  /** Text as it was in the page, each time that changed. */
  painted: Step[]
  /** The text of the answer so far, reasoning not included, in UTF-16 code units. */
  textLength: number
  end?: { at: number; finishReason: FinishReason; error?: ChatError | undefined }
}

export function emptyTrace(): Trace {
  return {
    chunks: [],
    frames: [],
    arrived: [],
    handedOut: [],
    eventTimes: [],
    painted: [],
    textLength: 0,
  }
}

/** How far a list of steps has come. */
export function charsOf(steps: readonly Step[]): number {
  return steps.at(-1)?.chars ?? 0
}

/** Adds the text of an event to a list of steps, unless it has none. */
export function addStep(steps: Step[], event: ChatEvent, at: number): void {
  if (event.type !== 'text' && event.type !== 'reasoning' && event.type !== 'refusal') return
  steps.push({ at, chars: charsOf(steps) + event.text.length })
}

/** Whether a chunk begins in the middle of a character of UTF-8. */
export function startsInsideCharacter(bytes: Uint8Array): boolean {
  return ((bytes[0] ?? 0) & 0b1100_0000) === 0b1000_0000
}

/** The last moment of which a trace knows anything. */
export function lastMoment(trace: Trace): number {
  const { end, chunks, painted } = trace
  return Math.max(end?.at ?? 0, chunks.at(-1)?.at ?? 0, painted.at(-1)?.at ?? 0)
}
