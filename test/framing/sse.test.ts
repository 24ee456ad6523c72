import { createSseDecoder } from 'chatwire'
import { describe, expect, test } from 'vitest'
import { BOM, eventsOf, sseRows } from '../fixtures/sse.ts'
import { byteByByte, twoWayCuts } from '../helpers/cut.ts'
import { decode } from '../helpers/decode.ts'
import { bytes } from '../helpers/encode.ts'
import { interpret } from '../helpers/naive-sse.ts'

describe('rules of the event stream', () => {
  for (const row of sseRows) {
    test(row.rule, () => {
      const body = bytes(row.body)
      const events = eventsOf(row.events)
      const retries = (row.retries ?? []).map(Number)
      const oracle = interpret(body)
      expect(oracle.events, 'the oracle').toEqual(events)
      expect(oracle.retries.map(Number), 'the oracle').toEqual(retries)

      for (const chunks of [[body], byteByByte(body), ...twoWayCuts(body)]) {
        const actual = decode(chunks)
        expect(actual.events, `cut ${chunks.length}`).toEqual(events)
        expect(actual.retries).toEqual(retries)
        expect(actual.comments.length).toBe(oracle.comments)
      }
    })

    test(`${row.rule} (with a lenient end)`, () => {
      const body = bytes(row.body)
      const events = eventsOf(row.lenient ?? row.events)
      expect(interpret(body, { lenientEnd: true }).events, 'the oracle').toEqual(events)
      for (const chunks of [[body], byteByByte(body), ...twoWayCuts(body)]) {
        expect(decode(chunks, { lenientEnd: true }).events).toEqual(events)
      }
    })
  }
})

describe('the decoder', () => {
  test('a reconnection time of 400 digits is a finite number', () => {
    const digits = '9'.repeat(400)
    const { retries } = decode([bytes(`retry: ${digits}\n\n`)])
    expect(retries.length).toBe(1)
    expect(Number.isFinite(retries[0])).toBe(true)
    expect(retries[0]).toBeGreaterThan(2 ** 31)
  })

  test('a reconnection time is told when its line ends', () => {
    const times: number[] = []
    const decoder = createSseDecoder({ onReconnectionTime: (ms) => times.push(ms) })
    decoder.push('retry: 10', () => {})
    expect(times).toEqual([])
    decoder.push('\ndata: a', () => {})
    expect(times).toEqual([10])
  })

  test('an event is handed on by the push that completes it', () => {
    const events: string[] = []
    const emit = ({ data }: { data: string }) => events.push(data)
    const decoder = createSseDecoder()
    decoder.push('data: a\n', emit)
    expect(events).toEqual([])
    decoder.push('\ndata: b', emit)
    expect(events).toEqual(['a'])
    decoder.push('\r\n\r\n', emit)
    expect(events).toEqual(['a', 'b'])
    decoder.end(emit)
    expect(events).toEqual(['a', 'b'])
  })

  test('an event whose blank line is a lone CR is handed on at once', () => {
    const events: string[] = []
    const decoder = createSseDecoder()
    decoder.push('data: a\r\r', ({ data }) => events.push(data))
    expect(events).toEqual(['a'])
  })

  test('text and bytes may be mixed', () => {
    const chunks = ['da', bytes('ta: é'), '日', bytes('\n'), '\n', 'data: b\n\n']
    expect(decode(chunks).events.map(({ data }) => data)).toEqual(['é日', 'b'])
  })

  test('one BOM at the start of text is dropped', () => {
    expect(decode(['\uFEFFdata: a\n\n']).events.map(({ data }) => data)).toEqual(['a'])
    expect(decode(['', '\uFEFF', 'data: a\n\n']).events.map(({ data }) => data)).toEqual(['a'])
    expect(decode(['\uFEFF\uFEFFdata: a\n\n']).events).toEqual([])
    expect(decode([bytes(BOM), '\uFEFFdata: a\n\n']).events).toEqual([])
  })

  test('a surrogate pair may be cut between two texts', () => {
    expect(decode(['data: \uD83D', '\uDE00\n\n']).events.map(({ data }) => data)).toEqual([
      '\u{1F600}',
    ])
  })

  test('empty chunks change nothing', () => {
    const empty = new Uint8Array(0)
    const chunks = [
      empty,
      bytes('data: \r'),
      empty,
      '',
      bytes('\n'),
      empty,
      bytes('\r'),
      empty,
      bytes('\n'),
      empty,
    ]
    expect(decode(chunks).events.map(({ data }) => data)).toEqual([''])
  })

  test('a chunk that is a view into a larger buffer is read as the view', () => {
    const whole = bytes('xxdata: a\n\nxx')
    expect(decode([whole.subarray(2, 11)]).events.map(({ data }) => data)).toEqual(['a'])
  })

  test('a comment is told with its text', () => {
    expect(decode([bytes(': ping\n\n:pong\n')]).comments.map((text) => text.trim())).toEqual([
      'ping',
      'pong',
    ])
  })

  test('two decoders share nothing', () => {
    const first = createSseDecoder()
    const second = createSseDecoder()
    const events: string[] = []
    first.push('id: 1\ndata: a', () => {})
    second.push('data: b\n\n', ({ data, lastEventId }) => events.push(data, lastEventId))
    expect(events).toEqual(['b', ''])
  })
})
