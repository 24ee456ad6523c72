import { type BufferSpec, createTextBuffer } from 'chatwire'
import { describe, expect, test } from 'vitest'
import { codeUnits, outputOf, piecesOf } from './pieces.ts'

describe('a line is let go with its line feed', () => {
  const rows: Record<string, { deltas: string[]; pieces: string[] }> = {
    'one line': { deltas: ['one\n'], pieces: ['one\n', ''] },
    'several at once': { deltas: ['one\ntwo\nthree'], pieces: ['one\ntwo\n', 'three'] },
    'not before it is whole': { deltas: ['on', 'e', '\ntw'], pieces: ['', '', 'one\n', 'tw'] },
    'CRLF in one delta': { deltas: ['one\r\ntwo'], pieces: ['one\r\n', 'two'] },
    'CRLF in two deltas': { deltas: ['one\r', '\ntwo'], pieces: ['', 'one\r\n', 'two'] },
    'empty lines': { deltas: ['\n', '\n\n', 'a'], pieces: ['\n', '\n\n', '', 'a'] },
    'no line feed at all': { deltas: ['one', ' two'], pieces: ['', '', 'one two'] },
  }
  for (const [name, { deltas, pieces }] of Object.entries(rows)) {
    test(name, () => {
      expect(piecesOf(deltas, 'line')).toEqual(pieces)
    })
  }
})

describe('N characters', () => {
  const rows: Record<string, { n: number; deltas: string[]; pieces: string[] }> = {
    'are let go together, once the next one has come': {
      n: 3,
      deltas: codeUnits('abcdefgh'),
      pieces: ['', '', '', 'abc', '', '', 'def', '', 'gh'],
    },
    'are the least: a longer delta goes out whole, but for its last character': {
      n: 3,
      deltas: ['abcdefgh', 'i'],
      pieces: ['abcdefg', '', 'hi'],
    },
    'of 1 are single characters, one behind': {
      n: 1,
      deltas: ['a', 'b', 'c'],
      pieces: ['', 'a', 'b', 'c'],
    },
    'are counted as a reader does: a family is one': {
      n: 2,
      deltas: ['👩', '\u200D', '👧', 'x', 'y'],
      pieces: ['', '', '', '', '👩‍👧x', 'y'],
    },
    'are counted as a reader does: a mark is none': {
      n: 2,
      deltas: ['e', '\u0301', 'o', '\u0308', 'u'],
      pieces: ['', '', '', '', 'e\u0301o\u0308', 'u'],
    },
    'are counted as a reader does: a flag is one': {
      n: 1,
      deltas: ['🇫', '🇷', '🇩', '🇪'],
      pieces: ['', '', '🇫🇷', '', '🇩🇪'],
    },
    'are counted as a reader does: CRLF is one': {
      n: 1,
      deltas: ['a', '\r', '\n', 'b'],
      pieces: ['', 'a', '', '\r\n', 'b'],
    },
    'are counted as a reader does: half a pair is none': {
      n: 1,
      deltas: ['\uD83D', '\uDE00', 'x'],
      pieces: ['', '', '😀', 'x'],
    },
  }
  for (const [name, { n, deltas, pieces }] of Object.entries(rows)) {
    test(name, () => {
      expect(piecesOf(deltas, n)).toEqual(pieces)
      expect(piecesOf(deltas, { unit: n })).toEqual(pieces)
    })
  }

  test('every piece but the last has at least N of them', () => {
    const text = 'The 👩‍👩‍👧 family, 3.14 🇫🇷 café\u0301s, and 日本語 text. '.repeat(5)
    const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })
    for (const n of [1, 2, 7, 40]) {
      const pieces = outputOf(codeUnits(text), n)
      expect(pieces.join('')).toBe(text)
      for (const piece of pieces.slice(0, -1)) {
        expect([...graphemes.segment(piece)].length).toBeGreaterThanOrEqual(n)
      }
    }
  })
})

describe('maxHoldLength', () => {
  const specs: Record<string, BufferSpec> = {
    word: { unit: 'word', maxHoldLength: 10 },
    line: { unit: 'line', maxHoldLength: 10 },
    characters: { unit: 100, maxHoldLength: 10 },
  }
  for (const [name, spec] of Object.entries(specs)) {
    test(`is how much is held at most, by ${name}`, () => {
      const buffer = createTextBuffer(spec)
      let held = 0
      let out = ''
      for (let count = 0; count < 100; count += 1) {
        const piece = buffer.push('x')
        out += piece
        held += 1 - piece.length
        expect(held).toBeLessThanOrEqual(10)
      }
      expect(out.length).toBeGreaterThanOrEqual(90)
      expect(out + buffer.flush()).toBe('x'.repeat(100))
    })

    test(`tears no character, by ${name}`, () => {
      const text = '👩‍👧'.repeat(20)
      const pieces = outputOf(codeUnits(text), spec)
      expect(pieces.join('')).toBe(text)
      for (const piece of pieces) expect(piece).toMatch(/^(?:👩‍👧)+$/u)
    })

    test(`lets go of a long delta at once, by ${name}`, () => {
      const buffer = createTextBuffer(spec)
      const piece = buffer.push('x'.repeat(1000))
      expect(piece.length).toBeGreaterThanOrEqual(990)
      expect(piece + buffer.flush()).toBe('x'.repeat(1000))
    })
  }

  test('may be smaller than one character, which is then torn between two code points only', () => {
    const text = '👩‍👩‍👧‍👦'.repeat(3)
    const pieces = outputOf(codeUnits(text), { unit: 'line', maxHoldLength: 4 })
    expect(pieces.join('')).toBe(text)
    for (const piece of pieces) {
      expect(piece).not.toMatch(/^[\uDC00-\uDFFF]/)
      expect(piece).not.toMatch(/[\uD800-\uDBFF]$/)
    }
  })

  test('of 1 still pairs surrogates', () => {
    const pieces = outputOf(codeUnits('a😀b'), { unit: 'line', maxHoldLength: 1 })
    expect(pieces.join('')).toBe('a😀b')
    for (const piece of pieces) expect(piece.isWellFormed()).toBe(true)
  })

  test('is such that a long word without spaces comes in pieces', () => {
    const pieces = outputOf(codeUnits('x'.repeat(1000)), 'word')
    expect(pieces.length).toBeGreaterThan(5)
    for (const piece of pieces.slice(0, -1)) expect(piece.length).toBeLessThanOrEqual(129)
  })

  test('of Infinity holds as much as it takes', () => {
    const spec = { unit: 'line', maxHoldLength: Number.POSITIVE_INFINITY } as const
    const text = 'x'.repeat(10_000)
    expect(piecesOf([text, text], spec)).toEqual(['', '', text + text])
  })
})
