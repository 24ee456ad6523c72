/** Splits text into grapheme clusters: what a reader takes for one character. */
export type SplitGraphemes = (text: string) => string[]

/**
 * A cluster where `Intl.Segmenter` is missing: CRLF, a pair of regional indicators, or one character
 * with its marks, modifiers and joined characters. Rougher than Unicode's rules for Hangul jamo and
 * Indic conjuncts, right for everything else.
 */
const CLUSTER =
  /\r\n|\p{RI}\p{RI}|.(?:[\p{M}\u200c\p{Emoji_Modifier}\u{e0020}-\u{e007f}]|\u200d\p{Extended_Pictographic}?)*/gsu

/**
 * Text in which every character is a cluster: ASCII, Latin, Greek, Cyrillic, kana, Chinese, Hangul
 * syllables and their punctuation. A hundred times quicker than asking.
 */
const SIMPLE =
  /^[\n\x20-\x7e\xa1-\xac\xae-\u02ff\u0370-\u0482\u2010-\u2027\u3000-\u3029\u3041-\u3096\u30a1-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff01-\uff60]*$/

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
