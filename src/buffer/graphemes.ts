/** Splits text into grapheme clusters: what a reader takes for one character. */
export type SplitGraphemes = (text: string) => string[]

/**
 * A cluster where `Intl.Segmenter` is missing: CRLF, a pair of regional indicators, or one character
 * with its marks, modifiers and joined characters. Rougher than Unicode's rules for Hangul jamo and
 * Indic conjuncts, right for everything else.
 */
const CLUSTER =
  /\r\n|\p{RI}\p{RI}|.(?:[\p{M}\u200c\p{Emoji_Modifier}\u{e0020}-\u{e007f}]|\u200d\p{Extended_Pictographic}?)*/gsu

/** One character is one cluster in text like this, whatever comes next but a mark. */
const SIMPLE = /^[\n\x20-\x7e]*$/

export function graphemeSplitter(locale: string | undefined): SplitGraphemes {
  const segmenter =
    typeof Intl.Segmenter === 'function'
      ? new Intl.Segmenter(locale, { granularity: 'grapheme' })
      : undefined
  return (text) => {
    if (SIMPLE.test(text)) return text.split('')
    if (segmenter === undefined) return text.match(CLUSTER) ?? []
    return Array.from(segmenter.segment(text), ({ segment }) => segment)
  }
}

/** Where the last cluster of `text` begins; 0 for an empty text. */
export function lastGraphemeStart(text: string, split: SplitGraphemes): number {
  return text.length - (split(text).at(-1)?.length ?? 0)
}
