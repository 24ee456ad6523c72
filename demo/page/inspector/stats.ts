import { charsOf, type Step, type Trace } from './trace.ts'

/** How long and how much text waited between two places. */
export interface Lag {
  /** The longest that any character waited, in milliseconds. */
  maxMs: number
  /** The mean over all characters that came through, in milliseconds. */
  meanMs: number
  /** The most that waited at any time, in characters. */
  maxChars: number
}

/** A time in which no byte came, in milliseconds since the request. */
export interface Gap {
  from: number
  to: number
}

export interface Stats {
  /** Until the headers; absent before. */
  responseMs: number | undefined
  /** Until the first text or reasoning could be drawn; absent before. */
  firstTextMs: number | undefined
  totalMs: number
  bytes: number
  chunks: number
  /** How many chunks were cut inside a character. */
  tornCharacters: number
  frames: number
  keepalives: number
  events: number
  paints: number
  charsPerSecond: number
  longestGap: Gap
  /** What the buffer held back. */
  buffer: Lag
  /** What the store held back, to draw once per frame or to pace. */
  paint: Lag
}

/** @param now - The end of an answer that is still running, in milliseconds since the request. */
export function statsOf(trace: Trace, now: number): Stats {
  const { chunks, frames, arrived, handedOut, painted, eventTimes } = trace
  const keepalives = frames.filter(({ isKeepalive }) => isKeepalive).length
  const totalMs = trace.end?.at ?? now
  const firstTextMs = handedOut[0]?.at
  const streamingMs = totalMs - (firstTextMs ?? totalMs)
  return {
    responseMs: trace.responseAt,
    firstTextMs,
    totalMs,
    bytes: chunks.reduce((sum, { bytes }) => sum + bytes, 0),
    chunks: chunks.length,
    tornCharacters: chunks.filter((chunk) => chunk.startsInsideCharacter).length,
    frames: frames.length - keepalives,
    keepalives,
    events: eventTimes.length,
    paints: painted.length,
    charsPerSecond: streamingMs > 0 ? (1000 * charsOf(handedOut)) / streamingMs : 0,
    longestGap: longestGap(trace, totalMs),
    buffer: lagBetween(arrived, handedOut),
    paint: lagBetween(handedOut, painted),
  }
}

/** The longest silence, up to the end or to now. */
function longestGap({ chunks }: Trace, end: number): Gap {
  let longest: Gap = { from: 0, to: chunks[0]?.at ?? end }
  for (const [index, { at }] of chunks.entries()) {
    const to = chunks[index + 1]?.at ?? end
    if (to - at > longest.to - longest.from) longest = { from: at, to }
  }
  return longest
}

/** How text waited between two places that it passes in the same order. Linear in both lists. */
export function lagBetween(before: readonly Step[], after: readonly Step[]): Lag {
  let maxMs = 0
  let waitedMs = 0
  let passed = 0
  let index = 0
  for (const step of after) {
    while (passed < step.chars) {
      const source = before[index]
      // What nobody saw arrive cannot have waited.
      if (source === undefined) break
      const until = Math.min(source.chars, step.chars)
      const waitMs = Math.max(0, step.at - source.at)
      if (until > passed) maxMs = Math.max(maxMs, waitMs)
      waitedMs += waitMs * (until - passed)
      passed = until
      if (source.chars <= step.chars) index++
    }
  }
  return {
    maxMs,
    meanMs: passed > 0 ? waitedMs / passed : 0,
    maxChars: mostBetween(before, after),
  }
}

/** What goes on within the same task has not waited, though a clock may see a difference. */
const SAME_TASK_MS = 1

function mostBetween(before: readonly Step[], after: readonly Step[]): number {
  let most = 0
  let index = 0
  let out = 0
  for (const { at, chars } of before) {
    const until = at + SAME_TASK_MS
    for (; (after[index]?.at ?? Infinity) <= until; index++) out = after[index]?.chars ?? out
    most = Math.max(most, chars - out)
  }
  return most
}
