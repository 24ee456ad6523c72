import { sse } from '../../helpers/encode.ts'
import { delta, finish } from '../../transport/feed.ts'
import { lost, type Scenario } from '../harness.ts'
import { answer } from '../secrets.ts'
import { drips, ends, floods, stalls } from '../serve.ts'

const said = sse([{ text: answer }])
const whole = [`text ${answer}`, `done stop: ${answer}`]
const wholeWithData = [`text ${answer}`, 'data', `done stop: ${answer}`]
const done = sse(['[DONE]'])
const event = (data: string): string => `data: ${data}\n\n`

/** Each byte in a packet of its own, as far as the system lets it. */
const bytewise = (text: string | Uint8Array) =>
  drips(
    0,
    Array.from(Buffer.from(text), (byte) => Uint8Array.of(byte)),
  )

const encodings: [string, string | Uint8Array, string[]][] = [
  ['a byte order mark', `\ufeff${said}${done}`, whole],
  [
    'two byte order marks: the second makes the field unknown',
    `\ufeff\ufeff${said}${said}${done}`,
    whole,
  ],
  ['lines that end in CR', said.replaceAll('\n', '\r') + done, whole],
  ['lines that end in CRLF', (said + done).replaceAll('\n', '\r\n'), whole],
  [
    'lines that end in any of the three',
    `data: {"text":\rdata: "${answer}"}\r\n\ndata: [DONE]\n\r`,
    whole,
  ],
  [
    'NUL, vertical tab and the separators of Unicode inside of text',
    event(`{"text":"a\u2028b\u2029c\u0085d"}`) + event('{"text":"\\u0000\\u000b"}') + done,
    ['text a\u2028b\u2029c\u0085d\0\v', 'done stop: a\u2028b\u2029c\u0085d\0\v'],
  ],
  [
    'bytes that are no UTF-8',
    Buffer.concat([
      Buffer.from('data: {"text":"a'),
      Buffer.from([0xff, 0xed, 0xa0, 0xbd, 0xc3]),
      Buffer.from(`b"}\n\n${done}`),
    ]),
    ['text a\ufffd\ufffd\ufffd\ufffd\ufffdb', 'done stop: a\ufffd\ufffd\ufffd\ufffd\ufffdb'],
  ],
  [
    'the halves of a character in two deltas',
    event('{"text":"\\ud83d"}') + event('{"text":"\\ude00"}') + done,
    ['text 😀', 'done stop: 😀'],
  ],
  [
    'half a character that stays alone',
    event('{"text":"\\ud83d"}') + event('{"text":"x"}') + done,
    ['text \ud83dx', 'done stop: \ud83dx'],
  ],
  [
    'comments, ids, reconnection times and unknown fields between',
    `: x\nid: 1\nretry: 10\nfoo: bar\n\n${said}retry: ${'9'.repeat(40)}\n\n${done}`,
    whole,
  ],
  ['no space after the colon', `data:{"text":"${answer}"}\n\ndata:[DONE]\n\n`, whole],
]

/** The same events, in one packet and byte by byte. */
export const encoding: readonly Scenario[] = encodings.flatMap(([name, body, expected]) => [
  { rule: `${name}, at once`, serve: ends(body), expected, anyPieces: true },
  { rule: `${name}, byte by byte`, serve: bytewise(body), expected, anyPieces: true },
])

const deep = '['.repeat(100_000) + ']'.repeat(100_000)
const deepObject = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`

/** A frame that is not what it should be, in the middle of an answer; the connection stays open. */
export const frames: readonly Scenario[] = [
  ...[
    '{"text":',
    '{"text":"x"}}',
    "{'text': 'x'}",
    'NaN',
    '{"text":"a\nb"}'.replace('\n', '\t'),
  ].map(
    (frame): Scenario => ({
      rule: `that is no JSON is malformed: ${frame}`,
      serve: stalls(said, event(frame)),
      expected: lost('malformed'),
      error: { frame, retryable: false },
    }),
  ),
  ...['null', '{}', ''].map(
    (frame): Scenario => ({
      rule: `that says nothing is passed over: '${frame}'`,
      serve: ends(said, event(frame), done),
      expected: whole,
    }),
  ),
  ...['[]', '1', 'true', '[{"x":1}]', '{"x":1}'].map(
    (frame): Scenario => ({
      rule: `that the format does not know is data: ${frame}`,
      serve: ends(said, event(frame), done),
      expected: wholeWithData,
    }),
  ),
  {
    rule: 'of names of the prototype is data like any other',
    serve: ends(
      said,
      `event: __proto__\n${event('{"__proto__":{"x":1},"constructor":{"prototype":{"x":1}}}')}`,
      `event: hasOwnProperty\n${event('{"hasOwnProperty":1,"toString":2,"text":"!"}')}`,
      done,
    ),
    expected: [`text ${answer}`, 'data', 'data', `done stop: ${answer}`],
    check: () => {
      if ('x' in {}) throw new Error('the prototype is polluted')
    },
  },
  {
    rule: 'of an array 100,000 deep overflows no stack',
    serve: ends(said, event(deep), done),
    expected: wholeWithData,
  },
  {
    rule: 'of an object 100,000 deep overflows no stack',
    serve: ends(said, event(deepObject), done),
    expected: wholeWithData,
  },
  {
    rule: 'that reports an error 100,000 deep overflows no stack',
    serve: stalls(said, event(`{"error":${deepObject}}`)),
    expected: lost('provider'),
  },
]

const faults: [string, string, Record<string, unknown>][] = [
  [
    'an error object',
    sse([{ error: { message: 'it is busy', code: 'busy' } }]),
    { providerCode: 'busy', message: /it is busy/ },
  ],
  ['an error in words', sse([{ error: 'it is busy' }]), { message: /it is busy/ }],
  [
    'an error event',
    sse([{ message: 'it is busy' }], { event: 'error' }),
    { message: /it is busy/ },
  ],
  ['an error event in words', sse(['it is busy'], { event: 'error' }), { message: /it is busy/ }],
  [
    'an error of Anthropic',
    sse([{ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }], {
      event: 'error',
    }),
    { providerCode: 'overloaded_error', retryable: true },
  ],
  [
    'an error of Gemini',
    sse([{ error: { code: 503, message: 'it is busy', status: 'UNAVAILABLE' } }]),
    { providerCode: '503', retryable: true },
  ],
]

/** A failure that the server reports in the stream. */
export const reported: readonly Scenario[] = faults.flatMap(([name, body, error]) => [
  {
    rule: `${name}, after some text, ends the answer though the connection stays open`,
    serve: stalls(said, body),
    expected: lost('provider'),
    error,
  },
  {
    rule: `${name}, before any text, is all there is`,
    serve: ends(body),
    expected: ['error provider', 'done error: '],
    error,
  },
])

const filler = sse([{ text: 'more' }]).repeat(100)

/** The end marker, and what may stand for it. */
export const marker: readonly Scenario[] = [
  {
    rule: 'ends the answer, though the connection stays open',
    serve: stalls(said, done),
    expected: whole,
  },
  {
    rule: 'ends it, though the server writes on without end',
    serve: floods(said + done, filler),
    expected: whole,
  },
  { rule: 'counts once', serve: ends(said, done, done, said), expected: whole },
  {
    rule: 'is not what is text',
    serve: ends(said, sse([{ text: '[DONE]' }]), done),
    expected: [`text ${answer}[DONE]`, `done stop: ${answer}[DONE]`],
    anyPieces: true,
  },
  ...['[DONE]x', ' [DONE]', '[done]', '["DONE"]', 'x[DONE]'].map(
    (frame): Scenario => ({
      rule: `is not what only looks like it: ${frame}`,
      serve: ends(sse([delta(answer)]), event(frame)),
      expected: lost('malformed', 'truncated'),
    }),
  ),
  ...['', '\n', '\r', '\r\n'].map(
    (end): Scenario => ({
      rule: `counts without its blank line: ${JSON.stringify(end)}`,
      serve: ends(said, `data: [DONE]${end}`),
      expected: whole,
    }),
  ),
  {
    rule: 'that is cut is none',
    serve: ends(sse([delta(answer)]), 'data: [DON'),
    expected: lost('truncated'),
    error: { pending: '[DON' },
  },
  {
    rule: 'may be missing after a finish reason',
    serve: ends(sse([delta(answer), finish('stop')])),
    expected: whole,
  },
]
