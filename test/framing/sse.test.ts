import { createSseDecoder } from 'chatwire'
import { describe, expect, test } from 'vitest'
import { byteByByte, twoWayCuts } from '../helpers/cut.ts'
import { decode } from '../helpers/decode.ts'
import { bytes } from '../helpers/encode.ts'
import { interpret } from '../helpers/naive-sse.ts'

interface Row {
  rule: string
  body: string | Uint8Array
  /** The events as `[type, data, lastEventId]`; type and id default to 'message' and ''. */
  events: readonly (readonly [data: string, type?: string, id?: string])[]
  retries?: readonly string[]
  /** The events if the end of the body finishes an event, where they differ. */
  lenient?: readonly (readonly [data: string, type?: string, id?: string])[]
}

const BOM = [0xef, 0xbb, 0xbf]

const rows: readonly Row[] = [
  { rule: 'an empty body has no events', body: '', events: [] },
  { rule: 'LF ends a line', body: 'data: a\n\n', events: [['a']] },
  { rule: 'CRLF ends a line', body: 'data: a\r\n\r\n', events: [['a']] },
  { rule: 'CR ends a line', body: 'data: a\r\r', events: [['a']] },
  {
    rule: 'line endings may be mixed',
    body: 'data: a\rdata: b\r\ndata: c\n\rdata: d\n\r\n',
    events: [['a\nb\nc'], ['d']],
  },
  {
    rule: 'CR LF CR is two line endings',
    body: 'data: a\r\n\rdata: b\n\n',
    events: [['a'], ['b']],
  },
  { rule: 'LF CR is two line endings', body: 'data: a\n\rdata: b\n\n', events: [['a'], ['b']] },
  { rule: 'a CR at the end of the body ends its line', body: 'data: a\n\r', events: [['a']] },
  { rule: 'a CR at the end of the body dispatches', body: 'data: a\r\n\r', events: [['a']] },
  { rule: 'blank lines alone are no events', body: '\n\r\n\r\n\n', events: [] },
  { rule: 'a body may begin with blank lines', body: '\n\ndata: a\n\n', events: [['a']] },
  { rule: 'one BOM at the start is dropped', body: bytes(BOM, 'data: a\n\n'), events: [['a']] },
  {
    rule: 'a second BOM belongs to the field name',
    body: bytes(BOM, BOM, 'data: a\n\ndata: b\n\n'),
    events: [['b']],
  },
  {
    rule: 'a BOM in the middle belongs to the field name',
    body: bytes('data: a\n\n', BOM, 'data: b\n\ndata: c\n\n'),
    events: [['a'], ['c']],
  },
  {
    rule: 'a BOM in a value stays',
    body: bytes('data:', BOM, 'a', BOM, '\n\n'),
    events: [['\uFEFFa\uFEFF']],
  },
  { rule: 'a BOM alone is nothing', body: bytes(BOM), events: [] },
  {
    rule: 'a BOM before a blank line is dropped',
    body: bytes(BOM, '\ndata: a\n\n'),
    events: [['a']],
  },
  {
    rule: 'the letters of a misread BOM are letters',
    body: '\u00EF\u00BB\u00BFdata: a\n\ndata: b\n\n',
    events: [['b']],
  },
  {
    rule: 'half a BOM is an invalid byte',
    body: bytes([0xef, 0xbb], 'data: a\n\ndata: b\n\n'),
    events: [['b']],
  },
  { rule: 'a comment is no event', body: ': a\n\n:\n\n:data: b\n\n', events: [] },
  {
    rule: 'a comment inside an event changes nothing',
    body: 'data: a\n: b\ndata: c\n\n',
    events: [['a\nc']],
  },
  { rule: 'an empty value is an event', body: 'data:\n\n', events: [['']] },
  { rule: 'a value of one space is empty', body: 'data: \n\n', events: [['']] },
  { rule: 'a field without a colon has an empty value', body: 'data\n\n', events: [['']] },
  { rule: 'two empty values are one line feed', body: 'data\ndata\n\n', events: [['\n']] },
  {
    rule: 'values are joined by line feeds',
    body: 'data: a\ndata: b\ndata:\ndata: c\n\n',
    events: [['a\nb\n\nc']],
  },
  { rule: 'one leading space is dropped', body: 'data:  a\n\n', events: [[' a']] },
  { rule: 'a missing space is no loss', body: 'data:a\n\n', events: [['a']] },
  { rule: 'a leading tab stays', body: 'data:\ta\n\n', events: [['\ta']] },
  { rule: 'a trailing space stays', body: 'data: a \n\n', events: [['a ']] },
  { rule: 'colons in a value stay', body: 'data: a: b:c\n\n', events: [['a: b:c']] },
  {
    rule: 'a space before the colon makes another field',
    body: 'data : a\n\n data: b\n\n',
    events: [],
  },
  {
    rule: 'unknown fields are ignored',
    body: 'dat: a\ndataa: b\nDATA: c\nfoo\ndata: d\n\n',
    events: [['d']],
  },
  {
    rule: 'field names are exact, also in their case',
    body: 'Event: x\nID: 1\nRetry: 5\ndata: a\n\n',
    events: [['a']],
    retries: [],
  },
  {
    rule: 'the event field names the type',
    body: 'event: add\ndata: a\n\n',
    events: [['a', 'add']],
  },
  {
    rule: 'the event field may follow the data',
    body: 'data: a\nevent: add\n\n',
    events: [['a', 'add']],
  },
  {
    rule: 'the last event field counts',
    body: 'event: add\nevent: remove\ndata: a\n\n',
    events: [['a', 'remove']],
  },
  {
    rule: 'an empty event field means message',
    body: 'event: add\nevent:\ndata: a\n\n',
    events: [['a']],
  },
  {
    rule: 'the type is not kept for the next event',
    body: 'event: add\ndata: a\n\ndata: b\n\n',
    events: [['a', 'add'], ['b']],
  },
  {
    rule: 'a block of only an event field is no event and leaves no type',
    body: 'event: add\n\ndata: a\n\n',
    events: [['a']],
  },
  {
    rule: 'a type may be any word',
    body: 'event: __proto__\ndata: a\n\nevent: constructor\ndata: b\n\n',
    events: [
      ['a', '__proto__'],
      ['b', 'constructor'],
    ],
  },
  {
    rule: 'the id is kept for the next events',
    body: 'id: 1\ndata: a\n\ndata: b\n\nid: 2\ndata: c\n\n',
    events: [
      ['a', 'message', '1'],
      ['b', 'message', '1'],
      ['c', 'message', '2'],
    ],
  },
  {
    rule: 'the id may follow the data',
    body: 'data: a\nid: 1\n\n',
    events: [['a', 'message', '1']],
  },
  {
    rule: 'an empty id resets',
    body: 'id: 1\ndata: a\n\nid\ndata: b\n\n',
    events: [['a', 'message', '1'], ['b']],
  },
  {
    rule: 'an id with NUL is ignored',
    body: 'id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n',
    events: [
      ['a', 'message', '1'],
      ['b', 'message', '1'],
    ],
  },
  {
    rule: 'a block of only an id sets the id',
    body: 'id: 1\n\ndata: a\n\n',
    events: [['a', 'message', '1']],
  },
  {
    rule: 'the last id of a block counts',
    body: 'id: 1\nid: 2\ndata: a\n\n',
    events: [['a', 'message', '2']],
  },
  {
    rule: 'an id may be any text',
    body: 'id: \u{1F600} é \ndata: a\n\n',
    events: [['a', 'message', '\u{1F600} é ']],
  },
  {
    rule: 'retry of digits is a reconnection time',
    body: 'retry: 1500\n\nretry:0\ndata: a\n\n',
    events: [['a']],
    retries: ['1500', '0'],
  },
  { rule: 'retry may have leading zeros', body: 'retry: 007\n', events: [], retries: ['007'] },
  {
    rule: 'retry of anything but digits is ignored',
    body: 'retry: 1.5\nretry: -1\nretry: +1\nretry: 1e3\nretry: 0x10\nretry:  1\nretry: 1 \nretry: ١\nretry: abc\n\n',
    events: [],
    retries: [],
  },
  {
    rule: 'retry in an unfinished line is ignored',
    body: 'retry: 15',
    events: [],
    retries: [],
    lenient: [],
  },
  { rule: 'NUL in data stays', body: 'data: a\0b\n\n', events: [['a\0b']] },
  {
    rule: 'U+2028, U+2029, U+0085, VT and FF end no line',
    body: 'data: a\u2028b\u2029c\u0085d\ve\ff\n\n',
    events: [['a\u2028b\u2029c\u0085d\ve\ff']],
  },
  {
    rule: 'characters of several bytes stay whole',
    body: 'data: é日\u{1F600}\n\n',
    events: [['é日\u{1F600}']],
  },
  {
    rule: 'an invalid byte is a replacement character',
    body: bytes('data: a', [0xff], 'b\n\n'),
    events: [['a\uFFFDb']],
  },
  {
    rule: 'a character that is cut by a line ending is a replacement character',
    body: bytes('data: ', [0xe6, 0x97], '\n\n'),
    events: [['\uFFFD']],
  },
  {
    rule: 'surrogates in UTF-8 are invalid bytes',
    body: bytes('data: ', [0xed, 0xa0, 0xbd], '\n\n'),
    events: [['\uFFFD\uFFFD\uFFFD']],
  },
  {
    rule: 'a UTF-16 byte order mark is two invalid bytes',
    body: bytes([0xfe, 0xff], 'data: a\n\ndata: b\n\n'),
    events: [['b']],
  },
  {
    rule: 'an event without its blank line is discarded',
    body: 'data: a\n\ndata: b\n',
    events: [['a']],
    lenient: [['a'], ['b']],
  },
  {
    rule: 'an event without its line ending is discarded',
    body: 'data: a\n\nevent: x\nid: 1\ndata: b',
    events: [['a']],
    lenient: [['a'], ['b', 'x', '1']],
  },
  {
    rule: 'data that ends in a CR alone is not yet an event',
    body: 'data: a\r',
    events: [],
    lenient: [['a']],
  },
  { rule: 'a cut field name is discarded', body: 'data: a\n\ndat', events: [['a']] },
  {
    rule: 'a cut character at the end is discarded with its event',
    body: bytes('data: a', [0xf0, 0x9f]),
    events: [],
    lenient: [['a\uFFFD']],
  },
  {
    rule: 'a line without a colon at the end is unfinished',
    body: 'data',
    events: [],
    lenient: [['']],
  },
]

function eventsOf(list: Row['events']) {
  return list.map(([data, type = 'message', lastEventId = '']) => ({ type, data, lastEventId }))
}

describe('rules of the event stream', () => {
  for (const row of rows) {
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
