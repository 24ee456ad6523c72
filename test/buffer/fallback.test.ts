import { createTextBuffer } from 'chatwire'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { codeUnits, outputOf, piecesOf } from './pieces.ts'

const { Segmenter } = Intl

// Older Firefox and React Native's Hermes have none.
beforeEach(() => {
  Reflect.deleteProperty(Intl, 'Segmenter')
})
afterEach(() => {
  Object.defineProperty(Intl, 'Segmenter', { value: Segmenter, configurable: true, writable: true })
})

describe('without Intl.Segmenter', () => {
  test('it is really gone in these tests', () => {
    expect('Segmenter' in Intl).toBe(false)
  })

  test('words are cut at white space', () => {
    const deltas = ['Hel', 'lo wor', 'ld, 3.1', "4 can't", ' s', 'top\nnow']
    const pieces = piecesOf(deltas, 'word')
    expect(pieces.join('')).toBe("Hello world, 3.14 can't stop\nnow")
    // On which side of a cut the white space stays is not the point.
    const words = ['', 'Hello', 'world,', '3.14', "can't", 'stop', 'now']
    expect(pieces.map((piece) => piece.trim())).toEqual(words)
  })

  test('text without white space is let go in pieces', () => {
    const text = '这是一个没有空格的中文句子'.repeat(50)
    const pieces = outputOf(codeUnits(text), { unit: 'word', maxHoldLength: 20 })
    expect(pieces.join('')).toBe(text)
    expect(pieces.length).toBeGreaterThan(20)
  })

  test('lines are what they are', () => {
    expect(piecesOf(['one\ntw', 'o\n'], 'line')).toEqual(['one\n', 'two\n', ''])
  })

  const clusters: Record<string, string[]> = {
    letters: ['a', 'b', 'c'],
    CRLF: ['a', '\r\n', 'b'],
    'a lone CR': ['\r', 'a'],
    emoji: ['😀', '😀', 'x'],
    'a family': ['👩‍👩‍👧‍👦', 'x'],
    'a skin tone': ['👍🏽', '👋🏿', 'x'],
    'a rainbow flag': ['🏳️‍🌈', 'x'],
    'flags of countries': ['🇫🇷', '🇩🇪', 'x'],
    'a flag of tags': ['🏴󠁧󠁢󠁥󠁮󠁧󠁿', 'x'],
    'a keycap': ['1️⃣', '2'],
    'combining marks': ['e\u0301\u0323', 'o\u0308', 'x'],
    'vowel signs': ['नि', 'x'],
    'Chinese and Japanese': ['日', '本', '語'],
  }
  for (const [name, expected] of Object.entries(clusters)) {
    test(`characters are counted as a reader does: ${name}`, () => {
      expect(outputOf(codeUnits(expected.join('')), 1)).toEqual(expected)
    })
  }

  test('N characters have at least N', () => {
    const text = 'The 👩‍👩‍👧 family 🇫🇷 cafe\u0301. '.repeat(5)
    const pieces = outputOf(codeUnits(text), 4)
    expect(pieces.join('')).toBe(text)
    const graphemes = new Segmenter('en', { granularity: 'grapheme' })
    for (const piece of pieces.slice(0, -1)) {
      expect([...graphemes.segment(piece)].length).toBeGreaterThanOrEqual(4)
    }
  })

  test('a locale is not looked at', () => {
    expect(createTextBuffer({ locale: 'ja' }).push('one two').trim()).toBe('one')
  })
})
