import { must, readNumber } from '../must.ts'
import { graphemeSplitter, lastGraphemeStart } from './graphemes.ts'
import { characterUnit, lineUnit, type Unit, wordUnit } from './units.ts'

/** What text is let go by: words, lines, or pieces of at least so many characters. */
export type BufferUnit = 'word' | 'line' | number

/** How text is buffered, in full. */
export interface BufferOptions {
  /**
   * `'word'` (default): whole words. `'line'`: whole lines. A number N: pieces of at least N
   * characters, where a character is a grapheme cluster.
   */
  unit?: BufferUnit
  /** The language of the text, a BCP 47 tag, for `Intl.Segmenter`. Default: the runtime's. */
  locale?: string
  /**
   * How long text may be held when no more comes, in milliseconds. Default 250; `Infinity` holds it
   * until the next event. {@link createTextBuffer}, which has no timer, ignores it.
   */
  maxHoldMs?: number
  /**
   * How much text may be held, in UTF-16 code units: text without boundaries is let go in pieces of
   * at most this length. Default 128 for words, 4096 for lines, 32 N (at least 1024) for N.
   */
  maxHoldLength?: number
}

/** How text is buffered, reasoning and refusals included: the unit alone, or with options. */
export type BufferSpec = BufferUnit | BufferOptions

/** The options of a buffer with their defaults filled in. */
export interface ResolvedBuffer {
  unit: BufferUnit
  locale: string | undefined
  maxHoldMs: number
  maxHoldLength: number
}

/** Holds text back until a unit of it is complete. */
export interface TextBuffer {
  /** Takes text; returns what may go out now, `''` when nothing is ready. */
  push(text: string): string
  /** Returns all that is held, complete or not. */
  flush(): string
}

/** A {@link TextBuffer} as the timer of the driver needs it. */
export interface TimedTextBuffer extends TextBuffer {
  /** Returns what is held, but for the first half of a character that surely goes on. */
  release(): string
  isEmpty(): boolean
}

/**
 * Creates a buffer for rendering streamed text by words, by lines or by N characters. It never
 * tears a grapheme cluster, wherever the deltas are cut, and its work is linear.
 *
 * Joined together, what `push` and the final `flush` return is the text that was pushed.
 *
 * @throws {TypeError} if `spec` is not a valid buffer.
 * @example
 * const buffer = createTextBuffer('word')
 * buffer.push('Hel') // ''
 * buffer.push('lo wor') // 'Hello '
 * buffer.flush() // 'wor'
 */
export function createTextBuffer(spec: BufferSpec): TextBuffer {
  return timedTextBuffer(resolveBuffer(spec))
}

/** Checks a {@link BufferSpec} and fills in the defaults. */
export function resolveBuffer(spec: BufferSpec): ResolvedBuffer {
  const options = typeof spec === 'object' && spec !== null ? spec : { unit: spec }
  const { unit = 'word' } = options
  const isCount = typeof unit === 'number' && unit >= 1 && unit < Infinity
  must(
    isCount || unit === 'word' || unit === 'line',
    "buffer must be 'word', 'line' or a number >= 1",
  )
  const longest = unit === 'word' ? 128 : unit === 'line' ? 4096 : Math.max(32 * Number(unit), 1024)
  try {
    if (options.locale !== undefined) Intl.getCanonicalLocales(options.locale)
  } catch (cause) {
    throw new TypeError('locale must be a BCP 47 language tag', { cause })
  }
  return {
    unit,
    locale: options.locale,
    maxHoldMs: readNumber('maxHoldMs', options.maxHoldMs, 250),
    maxHoldLength: readNumber('maxHoldLength', options.maxHoldLength, longest, 1),
  }
}

const HIGH_SURROGATE_AT_END = /[\ud800-\udbff]$/

export function timedTextBuffer(options: ResolvedBuffer): TimedTextBuffer {
  const { locale, maxHoldLength } = options
  const split = graphemeSplitter(locale)
  const unit = createUnit(options)
  let held = ''
  /** Half a character at the end of the last delta: it says nothing until the other half comes. */
  let half = ''

  function take(length: number): string {
    if (length === 0) return ''
    const piece = held.slice(0, length)
    held = held.slice(length)
    unit.reset(held)
    return piece
  }

  /** Lets go of text without boundaries, in pieces that end between two characters. */
  function takeExcess(): string {
    let excess = ''
    while (held.length > maxHoldLength) {
      const start = lastGraphemeStart(withoutHalf(held.slice(0, maxHoldLength + 1)), split)
      // A single cluster longer than the limit is torn between two code points.
      excess += take(start || withoutHalf(held.slice(0, maxHoldLength)).length || held.length)
    }
    return excess
  }

  function createUnit({ unit }: ResolvedBuffer): Unit {
    if (unit === 'word') return wordUnit(locale)
    return unit === 'line' ? lineUnit() : characterUnit(unit, split)
  }

  return {
    isEmpty() {
      return held === '' && half === ''
    },
    push(text) {
      const fresh = half + text
      const whole = withoutHalf(fresh)
      half = fresh.slice(whole.length)
      if (whole === '') return ''
      held += whole
      return take(unit.ready(held, whole)) + takeExcess()
    },
    flush() {
      const rest = held + half
      held = half = ''
      unit.reset('')
      return rest
    },
    release() {
      return take(held.endsWith('\u200d') ? lastGraphemeStart(held, split) : held.length)
    },
  }
}

function withoutHalf(text: string): string {
  return HIGH_SURROGATE_AT_END.test(text) ? text.slice(0, -1) : text
}
