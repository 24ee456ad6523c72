import { type BufferSpec, createTextBuffer } from 'chatwire'
import { brief } from '../../transport/brief.ts'
import { equal, matches, ok } from '../assert.ts'
import type { Suite } from '../check.ts'
import { observe, type Server } from '../scenario.ts'

const texts: Record<string, string> = {
  English: "Hello, world. It's 3.14 o'clock,\r\nisn't it?\n\nYes  -  it is.",
  German: 'Der Fluß überströmt die Straße: „Übergrößenträger“.',
  Chinese: '这是一个没有空格的中文句子。你好，世界！',
  Japanese: 'これは日本語の文章です。カタカナとひらがな。',
  Thai: 'ภาษาไทยไม่มีช่องว่างระหว่างคำ สวัสดีครับ',
  Korean: '한국어 문장입니다. 각 글자',
  Arabic: 'مرحبا بالعالم، كيف حالك؟',
  Hindi: 'नमस्ते दुनिया, यह हिन्दी है। क्षि',
  emoji: 'a👩‍👩‍👧b👍🏽 🏳️‍🌈🇫🇷🇩🇪🇫 1️⃣☺️ 🏴󠁧󠁢󠁥󠁮󠁧󠁿😀',
  marks: 'e\u0301 a\u0301\u0302 \u0301x\u200D \uFE0F\u200B',
}

const specs: BufferSpec[] = ['word', 'line', 1, 3, 20, { unit: 'word', locale: 'ja' }]

/** Text for rendering: nothing lost, no character torn, whatever Unicode data the runtime has. */
export function bufferSuite(server: Server): Suite {
  return {
    name: 'buffers',
    register(check) {
      for (const [language, text] of Object.entries(texts)) {
        for (const spec of specs) {
          check(
            `${language} by ${JSON.stringify(spec)} adds up, whole characters at a time`,
            () => {
              for (const size of [1, 2, 3, 7, text.length]) expectPieces(text, size, spec)
            },
          )
        }
      }

      check('words are let go at the end of the word', () => {
        equal(piecesOf(['Hel', 'lo wor', 'ld'], 'word'), ['Hello ', 'world'])
      })

      check('lines are let go at the end of the line', () => {
        equal(piecesOf(['one\ntw', 'o\r\nthree'], 'line'), ['one\n', 'two\r\n', 'three'])
      })

      check('characters are counted as people do', () => {
        equal(piecesOf([...'👩‍👩‍👧🇫🇷e\u0301x'], 2), ['👩‍👩‍👧🇫🇷', 'e\u0301x'])
      })

      check('words of a stream come whole', async () => {
        const buffer = { unit: 'word' as const, maxHoldMs: Number.POSITIVE_INFINITY }
        const lines = brief(await observe(server.at('/slow-words'), { buffer }))
        equal(lines.at(-1), 'done stop: Hello brave new world')
        // Words that came together may be handed on together.
        for (const line of lines.slice(0, -2)) matches(line, /^text (?:\w+ )+$/)
        equal(lines.at(-2), 'text world')
      })

      check('what is held is let go after maxHoldMs', async () => {
        const buffer = { unit: 'line' as const, maxHoldMs: 50 }
        const events = await observe(server.at('/stall'), { buffer }, () => 'leave')
        equal(brief(events), ['text Hello, '])
      })
    },
  }
}

function piecesOf(deltas: readonly string[], spec: BufferSpec): string[] {
  const buffer = createTextBuffer(spec)
  const pieces = deltas.map((delta) => buffer.push(delta))
  return [...pieces, buffer.flush()].filter((piece) => piece !== '')
}

function expectPieces(text: string, size: number, spec: BufferSpec): void {
  const deltas = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []
  const pieces = piecesOf(deltas, spec)
  equal(pieces.join(''), text)
  const characters = new Intl.Segmenter('en', { granularity: 'grapheme' })
  const starts = new Set([...characters.segment(text)].map(({ index }) => index))
  let end = 0
  for (const piece of pieces.slice(0, -1)) {
    end += piece.length
    ok(starts.has(end), `a character starts at ${end}, in pieces of ${size}: ${pieces.join('|')}`)
    const length = [...characters.segment(piece)].length
    if (typeof spec === 'number') ok(length >= spec, `"${piece}" has ${spec} characters`)
  }
}
