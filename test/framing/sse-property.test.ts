import fc from 'fast-check'
import { expect, test } from 'vitest'
import { byteByByte, cutByFractions, fractions } from '../helpers/cut.ts'
import { decode } from '../helpers/decode.ts'
import { bytes } from '../helpers/encode.ts'
import { interpret } from '../helpers/naive-sse.ts'

/** Pieces of event streams, weighted towards what makes decoders stumble. */
const token: fc.Arbitrary<string | number[]> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('\n', '\r', '\r\n', '\n\n', '\r\n\r\n', '\r\r') },
  { weight: 6, arbitrary: fc.constantFrom('data', 'event', 'id', 'retry', 'data:', 'data: ') },
  { weight: 3, arbitrary: fc.constantFrom(':', ': ', '::', ' ', '  ', '\t') },
  { weight: 3, arbitrary: fc.constantFrom('event: ', 'id: ', 'id:', 'retry: ', 'Data: ', 'dat') },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 99_999 }).map(String) },
  { weight: 3, arbitrary: fc.string({ maxLength: 4 }) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 4 }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom('\0', '\uFEFF', '\u2028', '\u0085', '日本', '👩‍👩‍👧', 'é'),
  },
  { weight: 1, arbitrary: fc.constantFrom('__proto__', 'constructor', '[DONE]') },
  { weight: 1, arbitrary: fc.constant<number[]>([0xef, 0xbb, 0xbf]) },
  {
    weight: 1,
    arbitrary: fc.array(fc.integer({ min: 0x80, max: 0xff }), { minLength: 1, maxLength: 3 }),
  },
)

/** How the decoder bounds absurd times is its own affair. */
const clamped = (ms: number): number => Math.min(ms, 2 ** 31)

const body = fc.array(token, { maxLength: 40 }).map((tokens) => bytes(...tokens))

test('the decoder does to any bytes, cut anywhere, what the standard says', () => {
  fc.assert(
    fc.property(body, fractions, fc.boolean(), (input, cuts, lenientEnd) => {
      const oracle = interpret(input, { lenientEnd })
      for (const chunks of [[input], cutByFractions(input, cuts), byteByByte(input)]) {
        const { events, retries, comments } = decode(chunks, { lenientEnd })
        expect(events).toEqual(oracle.events)
        expect(retries.map(clamped)).toEqual(oracle.retries.map(Number).map(clamped))
        expect(comments.length).toBe(oracle.comments)
      }
    }),
    { numRuns: 3000 },
  )
})

test('the decoder reads text, cut anywhere, as it reads the same text in bytes', () => {
  const text = fc
    .array(
      fc.oneof(
        token.filter((part) => typeof part === 'string'),
        fc.constant('\n'),
      ),
      { maxLength: 30 },
    )
    .map((parts) => parts.join('').toWellFormed())
  fc.assert(
    fc.property(text, fc.array(fc.nat({ max: 200 }), { maxLength: 6 }), (input, cuts) => {
      const oracle = interpret(bytes(input))
      const chunks: string[] = []
      let start = 0
      for (const cut of [...cuts, input.length].sort((a, b) => a - b)) {
        chunks.push(input.slice(start, cut))
        start = Math.max(start, cut)
      }
      for (const pieces of [[input], chunks, input.split('')]) {
        expect(decode(pieces).events).toEqual(oracle.events)
      }
    }),
    { numRuns: 1000 },
  )
})
