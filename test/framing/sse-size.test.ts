import { isChatError } from 'chatwire'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { byteByByte, cutByFractions, fractions, twoWayCuts } from '../helpers/cut.ts'
import { tryDecode } from '../helpers/decode.ts'
import { utf8 } from '../helpers/encode.ts'

const line = (field: string, length: number): string => {
  const head = `${field}: `
  return head + 'x'.repeat(length - head.length)
}

/** Whether the body is refused, the same for every cut; and the data delivered before that. */
function outcome(body: string, maxEventSize: number): { tooLarge: boolean; data: string[] } {
  const bytes = utf8(body)
  let first: { tooLarge: boolean; data: string[] } | undefined
  for (const chunks of [[bytes], byteByByte(bytes), ...twoWayCuts(bytes), [body], [...body]]) {
    const { events, error } = tryDecode(chunks, { maxEventSize })
    if (error !== undefined) {
      if (!isChatError(error)) throw error
      expect(error).toMatchObject({ code: 'too-large', limit: maxEventSize, retryable: false })
    }
    const result = { tooLarge: error !== undefined, data: events.map(({ data }) => data) }
    first ??= result
    expect(result, `in ${chunks.length} chunks`).toEqual(first)
  }
  return first ?? { tooLarge: false, data: [] }
}

describe('maxEventSize', () => {
  test('a line of exactly the limit passes, one more is too large', () => {
    for (const ending of ['\n', '\r\n', '\r']) {
      const body = (length: number) => `${line('data', length)}${ending}${ending}`
      expect(outcome(body(100), 100)).toEqual({ tooLarge: false, data: ['x'.repeat(94)] })
      expect(outcome(body(101), 100)).toEqual({ tooLarge: true, data: [] })
    }
  })

  test('sizes are UTF-16 code units, not bytes', () => {
    const body = (count: number) => `data: ${'😀'.repeat(count)}\n\n`
    expect(outcome(body(47), 100).tooLarge).toBe(false)
    expect(outcome(body(48), 100).tooLarge).toBe(true)
  })

  test('a line that never ends is too large', () => {
    expect(outcome(line('data', 300), 100).tooLarge).toBe(true)
    expect(outcome('x'.repeat(300), 100).tooLarge).toBe(true)
  })

  test('events before the large one are delivered first', () => {
    const body = `data: a\n\ndata: b\n\n${line('data', 101)}\n\ndata: c\n\n`
    expect(outcome(body, 100)).toEqual({ tooLarge: true, data: ['a', 'b'] })
  })

  test('the values held for one event add up, whatever ends the lines', () => {
    for (const ending of ['\n', '\r\n', '\r']) {
      // Ten values of 14 and the line feeds between them stay below 200, with any one line.
      const lines = `${line('data', 20)}${ending}`.repeat(10)
      expect(outcome(lines + ending, 100).tooLarge).toBe(true)
      expect(outcome(lines + ending, 200).tooLarge).toBe(false)
    }
  })

  test('lines of data without a value count as the line feeds that they hold', () => {
    for (const line of ['data', 'data:', 'data: ']) {
      const body = (lines: number) => `${`${line}\n`.repeat(lines)}\n`
      // While a line is open, it and the line feeds between the ones before it are held.
      const fitting = 100 - line.length + 2
      expect(outcome(body(fitting), 100)).toEqual({
        tooLarge: false,
        data: ['\n'.repeat(fitting - 1)],
      })
      expect(outcome(body(fitting + 1), 100)).toEqual({ tooLarge: true, data: [] })
    }
  })

  test('many events below the limit are not added up', () => {
    const body = `${line('data', 90)}\n\n`.repeat(5)
    expect(outcome(body, 100)).toEqual({ tooLarge: false, data: Array(5).fill('x'.repeat(84)) })
  })

  test('the id counts', () => {
    const body = (id: number) => `${line('id', id)}\n${line('data', 60)}\n\n`
    expect(outcome(body(80), 100).tooLarge).toBe(true)
    expect(outcome(body(20), 100).tooLarge).toBe(false)
    expect(outcome(`${line('id', 101)}\n\n`, 100).tooLarge).toBe(true)
  })

  test('the type counts', () => {
    const body = (type: number) => `${line('event', type)}\n${line('data', 60)}\n\n`
    expect(outcome(body(80), 100).tooLarge).toBe(true)
    expect(outcome(body(20), 100).tooLarge).toBe(false)
    expect(outcome(`${line('event', 101)}\n\n`, 100).tooLarge).toBe(true)
  })

  test('a flood of comments, blank lines and unknown fields is never too large', () => {
    const flood = ': a comment\n\n\n:\nunknown: x\nretry: 5\n'.repeat(20)
    const body = `${flood}data: a\n${': a comment\n'.repeat(40)}\n${flood}data: b\n\n`
    expect(outcome(body, 40)).toEqual({ tooLarge: false, data: ['a', 'b'] })
  })

  test('a large line in one chunk among others is too large', () => {
    const { events, error } = tryDecode([`data: a\n\n${line('data', 5_000_000)}\n\ndata: b\n\n`], {
      maxEventSize: 1_000_000,
    })
    expect(events.map(({ data }) => data)).toEqual(['a'])
    expect(isChatError(error) && error.code).toBe('too-large')
  })

  test('a large line just below the limit passes, in one chunk and in many', () => {
    const body = utf8(`${line('data', 1_000_000)}\n\n`)
    const chunks: Uint8Array[] = []
    for (let at = 0; at < body.length; at += 997) chunks.push(body.subarray(at, at + 997))
    for (const cut of [[body], chunks]) {
      const { events, error } = tryDecode(cut, { maxEventSize: 1_000_000 })
      expect(error).toBeUndefined()
      expect(events.map(({ data }) => data.length)).toEqual([999_994])
    }
  })

  test('without the option, a line of two million characters passes', () => {
    const { events, error } = tryDecode([`${line('data', 2_000_000)}\n\n`])
    expect(error).toBeUndefined()
    expect(events.length).toBe(1)
  })

  test('whether a body is too large does not depend on its cuts', () => {
    const part = fc.oneof(
      fc.constantFrom('data: ', 'data', 'id: ', 'event: ', ': ', 'unknown: ', 'retry: 1'),
      fc.constantFrom('\n', '\n\n', '\r\n', '\r', '\r\n\r\n'),
      fc.integer({ min: 1, max: 12 }).map((length) => 'x'.repeat(length)),
      fc.constantFrom('é', '😀'),
    )
    const body = fc.array(part, { maxLength: 40 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(body, fc.integer({ min: 1, max: 40 }), fractions, (text, maxEventSize, cuts) => {
        const whole = tryDecode([utf8(text)], { maxEventSize })
        for (const chunks of [cutByFractions(utf8(text), cuts), byteByByte(utf8(text))]) {
          const cut = tryDecode(chunks, { maxEventSize })
          expect(cut.events).toEqual(whole.events)
          expect(cut.error === undefined).toBe(whole.error === undefined)
        }
      }),
      { numRuns: 500 },
    )
  })
})
