import { type BufferSpec, createTextBuffer } from 'chatwire'
import { describe, expect, test } from 'vitest'

/** Counts the characters that are given to a method while `run` runs. */
function withCount(prototype: object, method: string, count: (text: string) => void): () => void {
  const original = Reflect.get(prototype, method) as (text: string) => unknown
  Reflect.set(prototype, method, function (this: unknown, text: string) {
    count(text)
    return original.call(this, text)
  })
  return () => Reflect.set(prototype, method, original)
}

/**
 * How many characters are given to the segmenter and to regular expressions, which are all that
 * looks at text: the work of a buffer, without a clock.
 */
function workOf(deltas: readonly string[], spec: BufferSpec): number {
  let work = 0
  const count = (text: string): void => {
    work += text.length
  }
  const buffer = createTextBuffer(spec)
  const undo = [
    withCount(Intl.Segmenter.prototype, 'segment', count),
    withCount(RegExp.prototype, 'test', count),
    withCount(RegExp.prototype, 'exec', count),
  ]
  let length = 0
  try {
    for (const delta of deltas) length += buffer.push(delta).length
    length += buffer.flush().length
  } finally {
    for (const restore of undo) restore()
  }
  expect(length).toBe(deltas.reduce((sum, delta) => sum + delta.length, 0))
  return work
}

/** As many deltas of one text as make so many characters. */
function deltasOf(text: string, length: number): string[] {
  return Array.from({ length: length / text.length }, () => text)
}

const texts: Record<string, string> = {
  'letters without a space': 'ab',
  'Chinese without a space': '中文',
  'emoji without a space': '😀',
  'families without a space': '👩‍👧',
  'words with spaces': 'word ',
  'marks without a letter': '\u0301\u0301',
  'spaces only': '  ',
  'line feeds only': '\n\n',
  'punctuation only': '.,',
  'joiners only': '\u200D\u200D',
}

const specs: Record<string, BufferSpec> = {
  words: 'word',
  lines: 'line',
  'one character': 1,
  'five characters': 5,
}

describe('twice the text is about twice the work', () => {
  for (const [name, text] of Object.entries(texts)) {
    for (const [by, spec] of Object.entries(specs)) {
      test(`${name}, by ${by}`, () => {
        // Above what may be held, so that letting go of it counts as well.
        const once = workOf(deltasOf(text, 6_000), spec)
        const twice = workOf(deltasOf(text, 12_000), spec)
        expect(once).toBeGreaterThan(0)
        expect(twice / once).toBeLessThan(2.3)
        // And a character is looked at no more often than as many of them may be held.
        expect(twice / 12_000).toBeLessThan(1100)
      })
    }
  }
})
