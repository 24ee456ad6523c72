import type { SplitGraphemes } from './graphemes.ts'

/** What text is let go by: tells how much of the held text may go out. */
export interface Unit {
  /**
   * The length of the prefix of `held` that is complete, whatever comes next. `held` ends with
   * `fresh`, which is new since the last call.
   */
  ready(held: string, fresh: string): number
  /** A prefix was taken, on the word of `ready` or otherwise; `rest` is what is still held. */
  reset(rest: string): void
}

/** Whole lines, their terminator included. */
export function lineUnit(): Unit {
  return {
    ready(held, fresh) {
      const newline = fresh.lastIndexOf('\n')
      return newline === -1 ? 0 : held.length - fresh.length + newline + 1
    },
    reset() {},
  }
}

/** At least `count` grapheme clusters. The last one is held: a mark may still follow it. */
export function characterUnit(count: number, split: SplitGraphemes): Unit {
  /** The end of what is held: not yet split, or its last cluster, which may go on. */
  let tail = ''
  /** How many clusters there are before it. */
  let settled = 0
  return {
    ready(held, fresh) {
      tail += fresh
      // A cluster has at least one code unit: too few of them need no splitting.
      if (settled + tail.length <= count) return 0
      const clusters = split(tail)
      tail = clusters.pop() ?? ''
      settled += clusters.length
      return settled >= count ? held.length - tail.length : 0
    },
    reset(rest) {
      tail = rest
      settled = 0
    },
  }
}

/** Letters and digits of scripts that put spaces between words: they go on with a word. */
const GOES_ON =
  /^(?:[a-z\d]|(?![\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}\p{sc=Mymr}])[\p{L}\p{N}\p{M}])+$/iu

/** Whole words; Chinese, Japanese and the like word by word too, where `Intl.Segmenter` exists. */
export function wordUnit(locale: string | undefined): Unit {
  const ready =
    typeof Intl.Segmenter === 'function'
      ? segmenterReady(new Intl.Segmenter(locale, { granularity: 'word' }))
      : whitespaceReady
  return { ready, reset() {} }
}

/** A word of ASCII behind white space: it begins there, whatever the language. */
const LAST_WORD = /\s([a-z\d]+)$/i

/** How much text must be new before the words of it are looked for again, in UTF-16 code units. */
const LOOK_EVERY = 3

function segmenterReady(segmenter: Intl.Segmenter): Unit['ready'] {
  let unseen = 0
  return (held, fresh) => {
    // Most deltas only go on with the word at the end: no need to look at it again.
    if (GOES_ON.test(fresh)) return 0
    const word = LAST_WORD.exec(fresh)?.[1]
    if (word !== undefined) {
      unseen = 0
      return held.length - word.length
    }
    // Nor for every character of a script without spaces; asking costs microseconds.
    unseen += fresh.length
    if (unseen < LOOK_EVERY && !/\s/.test(fresh)) return 0
    unseen = 0
    const segments = segmenter.segment(held)
    const last = segments.containing(held.length - 1)
    if (last === undefined || last.isWordLike || last.index === 0 || /^\s/.test(last.segment)) {
      return last?.index ?? 0
    }
    // An apostrophe, a point or a comma joins what stands on both sides: can't, 3.14. And flags are
    // paired in another way than characters are, if a mark stands between their halves.
    const before = segments.containing(last.index - 1)
    const joins = before?.isWordLike || /^\p{RI}/u.test(last.segment)
    return before && joins ? before.index : last.index
  }
}

/** Up to the last white space, which goes out with the word behind it. */
function whitespaceReady(held: string, fresh: string): number {
  const after = /\s\S*$/.exec(fresh)?.[0].length
  return after === undefined ? 0 : held.length - after
}
