import { createTextBuffer } from 'chatwire'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codeUnits, outputOf, piecesOf } from './pieces.ts'

describe('a word is let go when it is surely complete', () => {
  const rows: Record<string, { deltas: string[]; pieces: string[] }> = {
    'with the space behind it': {
      deltas: ['Hel', 'lo wor', 'ld'],
      pieces: ['', 'Hello ', '', 'world'],
    },
    'several words at once': { deltas: ['one two three'], pieces: ['one two ', 'three'] },
    'not before its space came': { deltas: ['Hello', ' '], pieces: ['', 'Hello', ' '] },
    'also by a line feed': { deltas: ['one\ntwo'], pieces: ['one\n', 'two'] },
    'an apostrophe inside it cuts nothing': {
      deltas: ['can', "'", 't do'],
      pieces: ['', '', "can't ", 'do'],
    },
    'nor does a typographic one': {
      deltas: ['can', '’', 't do'],
      pieces: ['', '', 'can’t ', 'do'],
    },
    'nor a point in a number': { deltas: ['3', '.', '14 is'], pieces: ['', '', '3.14 ', 'is'] },
    'nor a comma in a number': { deltas: ['1', ',', '000 km'], pieces: ['', '', '1,000 ', 'km'] },
    'an accent that comes later belongs to it': {
      deltas: ['caf', 'e', '\u0301 noir'],
      pieces: ['', '', 'cafe\u0301 ', 'noir'],
    },
    'an empty delta is nothing': {
      deltas: ['', 'a', '', ' b', ''],
      pieces: ['', '', '', 'a ', '', 'b'],
    },
    'nothing in, nothing out': { deltas: [], pieces: [''] },
  }
  for (const [name, { deltas, pieces }] of Object.entries(rows)) {
    test(name, () => {
      expect(piecesOf(deltas, { unit: 'word', locale: 'en' })).toEqual(pieces)
    })
  }

  test('the unit is the default', () => {
    expect(piecesOf(['Hel', 'lo wor'], {})).toEqual(['', 'Hello ', 'wor'])
  })

  test('a space that is still growing is not torn from itself', () => {
    expect(outputOf(['a ', ' ', ' b'], 'word').join('')).toBe('a   b')
  })
})

describe('no piece ends inside a word', () => {
  const texts = [
    "I can't say 3.14 or 1,000, won't I? (Yes.)",
    'Das Straßenbahnhäuschen über’m Fluß.',
    'Привет, мир! Как дела?',
    'مرحبا بالعالم العربي',
    'γειά σου Κόσμε',
    'नमस्ते दुनिया',
  ]
  for (const text of texts) {
    test(text, () => {
      const pieces = outputOf(codeUnits(text), { unit: 'word', locale: 'en' })
      expect(pieces.join('')).toBe(text)
      expect(pieces.length).toBeGreaterThan(1)
      let end = 0
      for (const piece of pieces) {
        end += piece.length
        // The letters on both sides of every cut must not belong to one word.
        const around = text.slice(0, end).slice(-1) + text.slice(end, end + 1)
        expect(around).not.toMatch(/^[\p{L}\p{N}\p{M}]{2}$/u)
      }
    })
  }
})

test('every cut is where a word begins or ends, as Unicode has it', () => {
  const words = new Intl.Segmenter('en', { granularity: 'word' })
  const pieces = fc.constantFrom(
    ...[
      ' the',
      'ing',
      ' a',
      '1',
      ' 3.',
      '14',
      ',',
      "'",
      't',
      '.',
      '\n',
      ' ',
      '_',
      '\u00a0b',
      '\tc',
    ],
    ...[
      ' né',
      "'s",
      '.5',
      '_y',
      '\u0301z',
      '\u0301',
      'é',
      '東京',
      'カ',
      ' (',
      '🙂',
      '\u200d',
      ' x1',
      '-',
      ':',
      ' Ω',
      '\u2009d',
    ],
  )
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 20 }), (deltas) => {
      const text = deltas.join('')
      const bounds = new Set([...words.segment(text)].map(({ index }) => index))
      let end = 0
      for (const piece of outputOf(deltas, { unit: 'word', locale: 'en' }).slice(0, -1)) {
        end += piece.length
        expect(end === text.length || bounds.has(end), JSON.stringify([text, end])).toBe(true)
      }
    }),
    { numRuns: 2_000 },
  )
})

describe('text without spaces between words comes word by word', () => {
  const rows = {
    ja: 'これは日本語の長い文章です。途中で少しずつ表示されます。',
    zh: '这是一个没有空格的中文句子，应该逐词显示出来。',
    th: 'นี่คือประโยคภาษาไทยที่ไม่มีการเว้นวรรค',
  }
  for (const [locale, text] of Object.entries(rows)) {
    test(locale, () => {
      const pieces = piecesOf(codeUnits(text), { unit: 'word', locale })
      const ready = pieces.slice(0, -1)
      expect(pieces.join('')).toBe(text)
      // It is shown while it comes, not in the end.
      expect(ready.filter((piece) => piece !== '').length).toBeGreaterThan(text.length / 8)
      expect(pieces.at(-1)?.length).toBeLessThan(12)
    })
  }
})

describe('a character is never torn', () => {
  const rows: Record<string, string> = {
    'a pair of surrogates': '😀😀 😀',
    'a family': '👩‍👩‍👧‍👦 and 👨‍👩‍👧',
    'a skin tone': '👍🏽👋🏿 hi',
    'a rainbow flag': '🏳️‍🌈 ok',
    'flags of countries': '🇫🇷🇩🇪 🇯🇵',
    'a flag of tags': '🏴󠁧󠁢󠁥󠁮󠁧󠁿 cup',
    'a keycap': '1️⃣ 2️⃣',
    'combining marks': 'e\u0301\u0323 o\u0308',
    'Hangul by its letters': '\u1112\u1161\u11ab\u1100\u1173\u11af',
    'a conjunct': 'क्षि त्र',
  }
  const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })
  for (const [name, text] of Object.entries(rows)) {
    for (const unit of ['word', 'line', 1, 3] as const) {
      test(`${name}, by ${unit}`, () => {
        const pieces = outputOf(codeUnits(text), unit)
        expect(pieces.join('')).toBe(text)
        const cuts = new Set([...graphemes.segment(text)].map(({ index }) => index))
        let end = 0
        for (const piece of pieces.slice(0, -1)) {
          end += piece.length
          expect(cuts.has(end), JSON.stringify(pieces)).toBe(true)
        }
      })
    }
  }
})

describe('halves of surrogate pairs', () => {
  test('wait for each other', () => {
    expect(piecesOf(['\uD83D', '\uDE00', ' x'], 'word')).toEqual(['', '', '😀 ', 'x'])
  })

  test('that stay alone go out in the end', () => {
    expect(piecesOf(['a b\uD83D'], 'word')).toEqual(['a ', 'b\uD83D'])
    expect(piecesOf(['\uDE00 a'], 'word').join('')).toBe('\uDE00 a')
    expect(piecesOf(['\uD83D', 'x '], 'word').join('')).toBe('\uD83Dx ')
    expect(piecesOf(['\uD83D', '\uD83D', '\uDE00'], 3).join('')).toBe('\uD83D😀')
  })
})

describe('flush', () => {
  test('gives all that is held, and then nothing', () => {
    const buffer = createTextBuffer('word')
    buffer.push('one tw')
    expect(buffer.flush()).toBe('tw')
    expect(buffer.flush()).toBe('')
  })

  test('gives half a character too, once', () => {
    const buffer = createTextBuffer('word')
    buffer.push('tw\uD83D')
    expect(buffer.flush()).toBe('tw\uD83D')
    expect(buffer.flush()).toBe('')
    expect(buffer.push('\uDE00 x')).toBe('\uDE00 ')
  })

  test('may come in the middle: the buffer goes on', () => {
    const buffer = createTextBuffer('word')
    buffer.push('one tw')
    buffer.flush()
    expect(buffer.push('o thr')).toBe('o ')
    expect(buffer.flush()).toBe('thr')
  })

  for (const unit of ['word', 'line', 3] as const) {
    test(`forgets what was counted, by ${unit}`, () => {
      const once = createTextBuffer(unit)
      once.push('ab')
      once.flush()
      const fresh = createTextBuffer(unit)
      for (const delta of ['c', 'd', 'e', ' f\n', 'g']) {
        expect(once.push(delta)).toBe(fresh.push(delta))
      }
      expect(once.flush()).toBe(fresh.flush())
    })
  }
})
