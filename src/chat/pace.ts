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

/** A piece of text that arrived. `end` counts all text up to its end, in UTF-16 code units. */
interface Arrival {
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
  const { unit = 'grapheme', locale } = options
  must(unit === 'grapheme' || unit === 'word', "pace.unit must be 'grapheme' or 'word'")
  const maxLagMs = readNumber('pace.maxLagMs', options.maxLagMs, 400)
  const units = bufferEvents<ContentEvent>(
    resolveBuffer({ unit: unit === 'word' ? 'word' : 1, ...(locale && { locale }) }),
  )
  /** What is not yet due, in order. */
  const arrivals: Arrival[] = []
  let queue: ContentEvent[] = []
  let queueHead = 0
  /** How much of the text at the head is handed over. */
  let offset = 0
  // In code units since the start: what arrived, should be visible, is handed over, is visible.
  let arrived = 0
  let position = 0
  let handed = 0
  let revealed = 0
  let advancedAt = 0
  let arrivedAt: number | undefined
  let usualGapMs = maxLagMs / 2

  function reveal(event: ContentEvent): void {
    if (isText(event)) revealed += event.text.length
    emit(event)
  }

  function isPending(): boolean {
    return queueHead < queue.length || arrivals.length > 0
  }

  /** When text that arrives now is to be visible. */
  function dueOf(now: number): number {
    if (arrivedAt !== undefined) {
      const gapMs = Math.min(now - arrivedAt, maxLagMs)
      usualGapMs = Math.max(gapMs, 0.8 * usualGapMs + 0.2 * gapMs)
    }
    arrivedAt = now
    return Math.max(now + Math.min(2 * usualGapMs, maxLagMs), arrivals.at(-1)?.due ?? 0)
  }

  /** Hands text over up to a position, and the events before it. */
  function handOver(until: number): void {
    for (; queueHead < queue.length; queueHead++, offset = 0) {
      const event = queue[queueHead] as ContentEvent
      if (!isText(event)) {
        units.push(event, reveal)
        continue
      }
      const text = event.text.slice(offset, offset + until - handed)
      if (text !== '') units.push({ ...event, text }, reveal)
      handed += text.length
      offset += text.length
      if (offset < event.text.length) return
    }
    queue = []
    queueHead = 0
  }

  function handOverAll(): void {
    handOver(Infinity)
    position = arrived
    arrivals.length = 0
  }

  return {
    isPending,
    push(event) {
      const now = clock.now()
      // While there was nothing to reveal, no time was lost.
      if (!isPending()) advancedAt = now
      queue.push(event)
      if (!isText(event)) return
      arrived += event.text.length
      arrivals.push({ end: arrived, due: dueOf(now) })
    },
    advance() {
      const now = clock.now()
      const elapsedMs = now - advancedAt
      const start = position
      advancedAt = now
      if (clock.isInstant()) {
        handOverAll()
        return units.release(reveal)
      }
      for (const { end, due } of arrivals) {
        const share = due <= now ? 1 : elapsedMs / (due - now + elapsedMs)
        position = Math.max(position, start + (end - start) * share)
      }
      handOver(Math.floor(position))
      const waiting = arrivals.findIndex(({ due }) => due > now)
      const due = arrivals.splice(0, waiting < 0 ? arrivals.length : waiting)
      // A word or a character that is still open is not worth more lag than any other text.
      if (revealed < (due.at(-1)?.end ?? 0)) units.release(reveal)
    },
    end() {
      handOverAll()
      units.end(reveal)
    },
  }
}

function isText(
  event: ContentEvent,
): event is Extract<ContentEvent, { type: 'text' | 'reasoning' | 'refusal' }> {
  return 'text' in event
}

/** Nothing moves in a hidden tab, nor for who asked the system for less motion. */
function platformClock(): PaceClock {
  const reducedMotion = globalThis.matchMedia?.('(prefers-reduced-motion: reduce)')
  return {
    now: () => performance.now(),
    isInstant: () => isHidden() || reducedMotion?.matches === true,
  }
}
