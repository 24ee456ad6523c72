import { bufferEvents } from '../buffer/buffer-events.ts'
import { resolveBuffer } from '../buffer/text-buffer.ts'
import type { ContentEvent } from '../chat-event.ts'
import { must, readNumber } from '../must.ts'
import { isHidden } from './ticker.ts'

/** How text is revealed. */
export interface PaceOptions {
  /** What text is revealed by: characters, that is grapheme clusters (default), or whole words. */
  unit?: 'grapheme' | 'word'
  /**
   * How far what is shown may be behind what arrived, in milliseconds; a notification is due by
   * then. Default 400.
   */
  maxLagMs?: number
  /** The language of the text, a BCP 47 tag, for `Intl.Segmenter`. Default: the runtime's. */
  locale?: string
}

/** Holds events back and lets them go bit by bit, in their order. */
export interface Pacer {
  push(event: ContentEvent): void
  /** Lets go of what should be visible by now. */
  advance(): void
  /** Lets go of everything: the answer is over. */
  end(): void
  /** Whether there is anything that time alone will let go of. */
  isPending(): boolean
}

/** What a pacer asks of where it runs. */
export interface PaceClock {
  /** In milliseconds, from any start. */
  now(): number
  /** Whether nothing is to be held back. */
  isInstant(): boolean
}

/** An event that is not yet due. */
interface Arrival {
  event: ContentEvent
  /** How much text there is up to its end, in UTF-16 code units since the start. */
  end: number
  due: number
}

/**
 * Reveals text evenly, however unevenly it arrives. Each arrival is due after twice the time that
 * usually passes between two of them, at most `maxLagMs`; between two calls of `advance` as much is
 * revealed as brings every arrival to its end just in time. So a steady stream is shown as it comes,
 * a burst is spread, and after a stall the shown text catches up.
 *
 * The work is linear in the text, and no grapheme cluster is torn (see {@link bufferEvents}). Events
 * other than text take no time, but keep their place between texts.
 */
export function createPacer(
  options: PaceOptions,
  emit: (event: ContentEvent) => void,
  clock: PaceClock = platformClock(),
): Pacer {
  const { unit = 'grapheme' } = options
  must(unit === 'grapheme' || unit === 'word', "pace.unit must be 'grapheme' or 'word'")
  const maxLagMs = readNumber('pace.maxLagMs', options.maxLagMs, 400)
  const units = bufferEvents<ContentEvent>(
    resolveBuffer({ ...options, unit: unit === 'word' ? 'word' : 1 }),
  )
  /** In order. Those before `head` are handed over, though not yet due. */
  const arrivals: Arrival[] = []
  let head = 0
  // In code units since the start: what should be visible, is handed over, is visible.
  let position = 0
  let handed = 0
  let revealed = 0
  let advancedAt = 0
  let arrivedAt = -Infinity
  /** The usual time between two arrivals, as far as it matters: at most half the longest lag. */
  let usualGapMs = 0

  function reveal(event: ContentEvent): void {
    if ('text' in event) revealed += event.text.length
    emit(event)
  }

  /** How long text that arrives now is to be on its way. */
  function lagAt(now: number): number {
    const gapMs = Math.min(now - arrivedAt, maxLagMs / 2)
    usualGapMs = Math.max(gapMs, 0.8 * usualGapMs + 0.2 * gapMs)
    arrivedAt = now
    return 2 * usualGapMs
  }

  /** Hands text over up to a position, and the events before it. */
  function handOver(until: number): void {
    for (; head < arrivals.length; head++) {
      const { event, end } = arrivals[head] as Arrival
      if (!('text' in event)) {
        units.push(event, reveal)
        continue
      }
      const start = end - event.text.length
      const text = event.text.slice(handed - start, until - start)
      if (text !== '') units.push({ ...event, text }, reveal)
      handed += text.length
      if (handed < end) return
    }
  }

  /** Brings what is visible to where it should be at a time. */
  function advanceTo(now: number): void {
    const elapsedMs = now - advancedAt
    const start = position
    let dueCount = 0
    for (const { end, due } of arrivals) {
      const isDue = due <= now
      if (isDue) dueCount++
      const step = isDue ? end - start : ((end - start) * elapsedMs) / (due - now + elapsedMs)
      position = Math.max(position, start + step)
    }
    handOver(Math.floor(position))
    advancedAt = now
    head -= dueCount
    const due = arrivals.splice(0, dueCount)
    // A word or a character that is still open is not worth more lag than any other text.
    if (revealed < (due.at(-1)?.end ?? 0)) units.release(reveal)
  }

  return {
    isPending() {
      return arrivals.length > 0
    },
    push(event) {
      const now = clock.now()
      const last = arrivals.at(-1)
      // While there was nothing to reveal, no time was lost.
      if (last === undefined) advancedAt = now
      let { end, due } = last ?? { end: handed, due: now }
      if ('text' in event) {
        end += event.text.length
        due = Math.max(due, now + lagAt(now))
      }
      arrivals.push({ event, end, due })
    },
    advance() {
      advanceTo(clock.isInstant() ? Infinity : clock.now())
    },
    end() {
      advanceTo(Infinity)
      units.end(reveal)
    },
  }
}

/** Nothing moves in a hidden tab, nor for who asked the system for less motion. */
function platformClock(): PaceClock {
  const reducedMotion = globalThis.matchMedia?.('(prefers-reduced-motion: reduce)')
  return {
    now: () => performance.now(),
    isInstant: () => isHidden() || reducedMotion?.matches === true,
  }
}
