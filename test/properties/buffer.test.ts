import type { BufferSpec, ChatEvent, ReadOptions } from 'chatwire'
import { bufferText, createTextBuffer, readChat } from 'chatwire'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { frameFixtures } from '../fixtures/all.ts'
import { cutByFractions, fractions } from '../helpers/cut.ts'
import { sse, utf8 } from '../helpers/encode.ts'
import { formatOf } from '../helpers/fixture.ts'
import { checkPromises, doneOf, merged, run } from '../helpers/run.ts'
import { iterableOf, responseOf } from '../helpers/stream.ts'

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** The positions between grapheme clusters, both ends included. */
function boundaries(text: string): Set<number> {
  const positions = new Set([0, text.length])
  for (const { index } of segmenter.segment(text)) positions.add(index)
  return positions
}

function clusters(text: string): number {
  return [...segmenter.segment(text)].length
}

/** What joins with its neighbours is here too: marks, joiners, halves of flags, CR and LF. */
const unit = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('a', 'b', ' ', 'word', 'words and ', ', ', '.', '1') },
  { weight: 3, arbitrary: fc.constantFrom('\n', '\r\n', '\r', '\t', '\u00A0', '\n\n') },
  {
    weight: 3,
    arbitrary: fc.constantFrom('日', '本語', 'こんにちは', '你好', '。', 'สวัสดี', '한', '각'),
  },
  { weight: 3, arbitrary: fc.constantFrom('👩‍👩‍👧', '👍🏽', '🏳️‍🌈', '😀', '☺️', '1️⃣', '🏴󠁧󠁢󠁥󠁮󠁧󠁿') },
  { weight: 2, arbitrary: fc.constantFrom('🇫🇷', '🇩🇪', '🇫', '\u{10FFFF}') },
  {
    weight: 2,
    arbitrary: fc.constantFrom('e\u0301', '\u0301', '\u200D', '\uFE0F', 'क्षि', '\u200B'),
  },
)
const text = fc.array(unit, { maxLength: 24 }).map((units) => units.join(''))

/** A text and where it is cut into deltas, between any two code units, pairs not spared. */
const deltas = fc
  .tuple(text, fc.array(fc.nat({ max: 200 }), { maxLength: 20 }))
  .map(([text, cuts]) => {
    const positions = [...cuts.filter((cut) => cut < text.length), text.length].sort(
      (a, b) => a - b,
    )
    return positions.map((position, index) => text.slice(positions[index - 1] ?? 0, position))
  })

/** The longest text here stays below the hold, and no run takes that long. */
const unbounded = { maxHoldLength: 5000, maxHoldMs: 60_000 }

const spec: fc.Arbitrary<BufferSpec> = fc.oneof(
  fc.constantFrom<BufferSpec>('word', 'line', { ...unbounded }, { unit: 'line', ...unbounded }),
  fc.constantFrom<BufferSpec>(
    ...['en', 'ja', 'th'].map((locale) => ({ unit: 'word' as const, locale, ...unbounded })),
  ),
  fc.integer({ min: 1, max: 5 }),
  fc.integer({ min: 1, max: 20 }).map((unit) => ({ unit, ...unbounded })),
)

function unitOf(spec: BufferSpec): unknown {
  return typeof spec === 'object' ? spec.unit : spec
}

/** The rules that hold for the pieces of one run of text. */
function expectPieces(pieces: readonly string[], whole: string, spec: BufferSpec): void {
  expect(pieces.join('')).toBe(whole)
  const allowed = boundaries(whole)
  let position = 0
  for (const piece of pieces) {
    position += piece.length
    if (!allowed.has(position)) {
      throw new Error(`a piece ends inside a character: ${JSON.stringify(pieces)}`)
    }
  }
  const unit = unitOf(spec)
  if (typeof unit !== 'number') return
  for (const piece of pieces.slice(0, -1)) expect(clusters(piece)).toBeGreaterThanOrEqual(unit)
}

/** The pieces of each run; a data event stands between two runs. */
function runsOf(events: readonly ChatEvent[]): string[][] {
  const runs: string[][] = [[]]
  for (const event of events) {
    if (event.type === 'text') runs.at(-1)?.push(event.text)
    else if (event.type === 'data') runs.push([])
  }
  return runs
}

describe('buffered text', () => {
  test('through the buffer option it adds up, whole characters at a time, and each run is let go before other events', async () => {
    const options = fc.record({ readAheadBytes: fc.constantFrom(0, 1_048_576), buffer: spec })
    await fc.assert(
      fc.asyncProperty(fc.array(deltas, { maxLength: 3 }), options, async (runs, options) => {
        const frames = runs.flatMap((deltas, index) => [
          ...(index === 0 ? [] : [{ type: 'progress', step: index }]),
          ...deltas.map((text) => ({ text })),
        ])
        const chunks = [{ type: 'token', text: '' }, ...frames, '[DONE]'].map((frame) =>
          utf8(sse([frame])),
        )
        const events = await run(readChat(iterableOf(chunks), options))
        checkPromises(events)
        expect(doneOf(events)).toMatchObject({ finishReason: 'stop' })
        const wholes = runs.map((deltas) => deltas.join(''))
        const seen = runsOf(events)
        expect(seen.map((pieces) => pieces.join(''))).toEqual(wholes.length === 0 ? [''] : wholes)
        for (const [index, pieces] of seen.entries()) {
          expectPieces(pieces, wholes[index] ?? '', options.buffer)
        }
      }),
      { numRuns: 500 },
    )
  })

  test('an answer of any format comes to the same as without a buffer', async () => {
    const fixture = fc.constantFrom(...frameFixtures)
    await fc.assert(
      fc.asyncProperty(fixture, fractions, spec, async (fixture, cuts, buffer) => {
        const { body, contentType, format } = fixture
        const read = (options: ReadOptions) =>
          run(readChat(responseOf(cutByFractions(utf8(body), cuts), contentType), options))
        const named = { format: formatOf(format) }
        const events = await read({ ...named, buffer })
        checkPromises(events)
        expect(merged(events, body)).toEqual(merged(await read(named), body))
      }),
      { numRuns: 500 },
    )
  })

  test('through createTextBuffer it adds up, whole characters at a time', () => {
    fc.assert(
      fc.property(deltas, spec, (deltas, spec) => {
        const buffer = createTextBuffer(spec)
        const pieces = deltas.map((delta) => buffer.push(delta))
        pieces.push(buffer.flush())
        expect(buffer.flush()).toBe('')
        expectPieces(
          pieces.filter((piece) => piece !== ''),
          deltas.join(''),
          spec,
        )
      }),
      { numRuns: 1500 },
    )
  })

  test('through bufferText it adds up, and the other events stay as they are', async () => {
    await fc.assert(
      fc.asyncProperty(deltas, spec, async (deltas, spec) => {
        const chunks = [...deltas.map((text) => ({ text })), '[DONE]'].map((frame) =>
          utf8(sse([frame])),
        )
        const plain = await run(readChat(iterableOf(chunks)))
        const events = await run(bufferText(iterableOf(plain), spec))
        expect(events.at(-1)).toBe(plain.at(-1))
        expectPieces(runsOf(events).flat(), deltas.join(''), spec)
      }),
      { numRuns: 200 },
    )
  })

  test('text without a boundary is not held beyond maxHoldLength', () => {
    // Units that are whole characters, next to whatever neighbour, and end no line.
    const unit = fc.constantFrom('a', 'b', 'é', '日', '😀', '👩‍👩‍👧', '🇫🇷')
    const sizes = fc.integer({ min: 20, max: 40 })
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 60 }), sizes, (units, maxHoldLength) => {
        const buffer = createTextBuffer({ unit: 'line', maxHoldLength, maxHoldMs: 60_000 })
        const pieces: string[] = []
        let held = 0
        for (const unit of units) {
          const piece = buffer.push(unit)
          held += unit.length - piece.length
          expect(held).toBeLessThanOrEqual(maxHoldLength)
          expect(piece.length).toBeLessThanOrEqual(maxHoldLength)
          pieces.push(piece)
        }
        pieces.push(buffer.flush())
        expectPieces(
          pieces.filter((piece) => piece !== ''),
          units.join(''),
          'line',
        )
      }),
      { numRuns: 300 },
    )
  })

  test('a flag after half a flag is not torn, though word boundaries would have it so', () => {
    for (const spec of ['word', 'line', 1, 2] as const) {
      const buffer = createTextBuffer(spec)
      const text = '\u{1F1EB}\uFE0F\u{1F1EB}\u{1F1F7} x'
      const pieces = [...text].map((character) => buffer.push(character))
      pieces.push(buffer.flush())
      expectPieces(
        pieces.filter((piece) => piece !== ''),
        text,
        spec,
      )
    }
  })

  test('words are let go at the end of the word, lines at the end of the line', () => {
    const words = createTextBuffer('word')
    expect(words.push('Hel')).toBe('')
    expect(words.push('lo wor')).toMatch(/^Hello ?$/)
    const lines = createTextBuffer('line')
    expect(lines.push('one\ntw')).toBe('one\n')
    expect(lines.push('o')).toBe('')
    expect(lines.push('\r\nthree')).toBe('two\r\n')
    expect(lines.flush()).toBe('three')
  })
})
