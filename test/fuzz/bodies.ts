import fc from 'fast-check'
import { allFixtures } from '../fixtures/all.ts'
import { frames } from '../helpers/arbitrary.ts'
import { bytes, comment, ndjson, sse, typeOf, utf8 } from '../helpers/encode.ts'
import type { Expected, FormatName } from '../helpers/fixture.ts'
import type { Random } from './random.ts'

/** A body, and what is known about it. */
export interface Body {
  /** Where it comes from, in words. */
  origin: string
  bytes: Uint8Array
  contentType: string | undefined
  /** The format it is written in, if it is written in one. */
  format: FormatName | undefined
  /** What it must come to, if nothing happens to it. */
  expect?: Expected
  /** Whether the format is told from the body. */
  sniffed: boolean
}

/** A body as a server could send it. */
export function validBody(random: Random): Body {
  return random.weighted([
    [6, fixtureBody],
    [3, writtenBody],
    [1, frameBody],
  ])(random)
}

function fixtureBody(random: Random): Body {
  const fixture = allFixtures[random.below(allFixtures.length)]
  if (fixture === undefined) throw new Error('there are no fixtures')
  const { name, body, contentType, format, expect, sniffed = true } = fixture
  return { origin: `${format}: ${name}`, bytes: utf8(body), contentType, format, expect, sniffed }
}

/** Random JSON under names that mean something. */
function frameBody(random: Random): Body {
  const [body = ''] = fc.sample(frames, { seed: random.below(2 ** 31), numRuns: 1 })
  return {
    origin: 'random frames',
    bytes: utf8(body),
    contentType: random.pick(['text/event-stream', 'application/x-ndjson']),
    format: undefined,
    sniffed: true,
  }
}

const units = [
  ...['Hello', ' ', 'a', '\n', '\r\n', '"', '\\', '{', '}', 'data: ', '[DONE]', '<', '1.5', ', '],
  ...[
    'é',
    '日本語',
    '。',
    '👩‍👩‍👧',
    '🇫🇷',
    '🇩🇪',
    'e\u0301',
    '\u200d',
    '\ufeff',
    '\u2028',
    '\0',
    'สวัสดี',
  ],
] as const

function randomText(random: Random): string {
  const length = random.below(8)
  return Array.from({ length }, () => units[random.below(units.length)] ?? '').join('')
}

/** How one format writes pieces of text, and its end. */
interface Writer {
  format: FormatName
  delta(text: string): unknown
  start?: unknown[]
  end: unknown[]
  named?: true
}

const writers: readonly [Writer, ...Writer[]] = [
  { format: 'plain', delta: (text) => ({ text }), end: ['[DONE]'] },
  {
    format: 'openaiChat',
    delta: (content) => ({
      object: 'chat.completion.chunk',
      choices: [{ index: 0, delta: { content } }],
    }),
    end: [
      {
        object: 'chat.completion.chunk',
        choices: [{ index: 0, delta: {}, finish_reason: 'stop' }],
      },
      '[DONE]',
    ],
  },
  {
    format: 'anthropic',
    named: true,
    start: [
      { type: 'message_start', message: { id: 'm', model: 'c', content: [] } },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    ],
    delta: (text) => ({
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'text_delta', text },
    }),
    end: [
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' } },
      { type: 'message_stop' },
    ],
  },
  {
    format: 'gemini',
    delta: (text) => ({
      candidates: [{ content: { role: 'model', parts: [{ text }] } }],
      modelVersion: 'g',
    }),
    end: [{ candidates: [{ finishReason: 'STOP' }], modelVersion: 'g' }],
  },
  {
    format: 'aiSdk',
    start: [{ type: 'start' }, { type: 'text-start', id: 't' }],
    delta: (delta) => ({ type: 'text-delta', id: 't', delta }),
    end: [{ type: 'text-end', id: 't' }, { type: 'finish', finishReason: 'stop' }, '[DONE]'],
  },
  {
    format: 'openaiResponses',
    named: true,
    start: [{ type: 'response.created', response: { id: 'r', model: 'g' } }],
    delta: (delta) => ({
      type: 'response.output_text.delta',
      item_id: 'i',
      output_index: 0,
      content_index: 0,
      delta,
    }),
    end: [{ type: 'response.completed', response: { id: 'r', status: 'completed', output: [] } }],
  },
]

/** An answer of random text in a random format, with what servers and proxies do to event streams. */
function writtenBody(random: Random): Body {
  const { format, start = [], delta, end, named } = random.pick(writers)
  const texts = Array.from({ length: random.below(12) }, () => randomText(random))
  // What is told from the first text must have a first text.
  if (texts.join('') === '') texts.push('Hi')
  const payloads = [...start, ...texts.map(delta), ...end]
  const expect: Expected = { text: texts.join(''), finishReason: 'stop' }
  const origin = `written ${format}`
  if (random.chance(0.2)) {
    const lines = utf8(ndjson(payloads, random.pick<'\n' | '\r\n'>(['\n', '\r\n'])))
    const contentType = 'application/x-ndjson'
    return { origin, bytes: lines, contentType, format, expect, sniffed: true }
  }
  const newline = random.pick<'\n' | '\r\n' | '\r'>(['\n', '\r\n', '\r'])
  const options = { newline, space: random.chance(0.8), ...(named && { event: typeOf }) }
  const stream = payloads.map((payload) =>
    random.chance(0.1)
      ? comment(random.pick([' keepalive', '']), newline) + sse([payload], options)
      : sse([payload], options),
  )
  const bom = random.chance(0.1) ? [0xef, 0xbb, 0xbf] : []
  const all = bytes(bom, stream.join(''))
  return { origin, bytes: all, contentType: 'text/event-stream', format, expect, sniffed: true }
}

const tokens = [
  ...[
    '\n\n',
    '\n',
    '\r',
    '\r\n\r\n',
    '"',
    '}',
    '{',
    ']',
    '\\',
    ',',
    ':',
    'data: ',
    'event: error\n',
  ],
  ...[
    'data: [DONE]\n\n',
    'data: {"error":{"message":"x"}}\n\n',
    ': ping\n\n',
    'null',
    '\0',
    '\ufeff',
  ],
] as const

/** Damages a body: flips, deletes, repeats, inserts, cuts off, splices in a piece of another. */
export function mutate(body: Uint8Array, random: Random): Uint8Array {
  const at = random.below(body.length + 1)
  const length = random.weighted([
    [3, 1 + random.below(4)],
    [1, random.below(body.length + 1)],
  ])
  const before = body.subarray(0, at)
  const piece = body.subarray(at, at + length)
  const after = body.subarray(at + length)
  return random.weighted<() => Uint8Array>([
    [
      3,
      () => {
        const copy = Uint8Array.from(body)
        copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8))
        return copy
      },
    ],
    [3, () => bytes(before, after)],
    [2, () => bytes(before, piece, piece, after)],
    [2, () => before],
    [2, () => bytes(before, tokens[random.below(tokens.length)] ?? '', body.subarray(at))],
    [1, () => bytes(before, [random.below(256), random.below(256)], body.subarray(at))],
    [
      2,
      () => {
        const other = validBody(random).bytes
        return bytes(before, other.subarray(random.below(other.length + 1)))
      },
    ],
  ])()
}
