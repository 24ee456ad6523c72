import type { SseEvent, WireEvent } from 'chatwire'
import { agui, aiSdk, anthropic, cohere, openaiChat, plain } from 'chatwire/formats'
import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'

/** A way to write a piece of text into the data of a frame, and frames that may stand between. */
interface Shape {
  format: typeof plain
  text(literal: string, padding: string): string
  others: string[]
}

const chat = (delta: string, padding: string) =>
  `{"id":"c1","object":"chat.completion.chunk","choices":[{"index":0,"delta":${delta},"finish_reason":null}],"usage":null,"obfuscation":"${padding}"}`

const shapes: Shape[] = [
  {
    format: openaiChat,
    text: (literal, padding) => chat(`{"content":${literal}}`, padding),
    others: [
      chat('{"content":""}', 'x'),
      chat('{"reasoning_content":"a"}', 'x'),
      chat('{"content":"a","reasoning_content":"a"}', 'x'),
      chat('{"tool_calls":[{"index":0,"id":"t","function":{"name":"f","arguments":"a"}}]}', 'x'),
      '{"id":"c1","choices":[{"index":1,"delta":{"content":"a"}}]}',
      '{"id":"c2","choices":[{"index":0,"delta":{"role":"assistant","content":"a"}}]}',
      '{"id":"c1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}',
      '{"role":"tool","tool_call_id":"t","content":"a"}',
      'ping',
    ],
  },
  {
    format: openaiChat,
    text: (literal, padding) => chat(`{"content":${literal},"reasoning":"why"}`, padding),
    others: [chat('{"content":"a"}', 'x')],
  },
  {
    format: openaiChat,
    text: (literal) => `{"choices":[{"text":${literal}}]}`,
    others: [`{"choices":[{"text":"a"},{"text":"b","index":1}]}`],
  },
  {
    format: anthropic,
    text: (literal, padding) =>
      `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":${literal}}${' '.repeat(padding.length)}}`,
    others: [
      '{"type":"message_start","message":{"id":"m","content":[{"type":"text","text":"a"}]}}',
      '{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"a"}}',
      '{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t","name":"f"}}',
      '{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"a"}}',
      '{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"a"}}',
      '{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":1}}',
      '{"type":"ping"}',
    ],
  },
  {
    format: aiSdk,
    text: (literal) => `{"type":"text-delta","id":"0","delta":${literal}}`,
    others: [
      '{"type":"text-start","id":"0"}',
      '{"type":"reasoning-delta","id":"0","delta":"a"}',
      '{"type":"tool-input-delta","toolCallId":"t","inputTextDelta":"a"}',
      '{"type":"error","errorText":"a"}',
      '{"type":"finish-step"}',
    ],
  },
  {
    format: agui,
    text: (literal) => `{"type":"TEXT_MESSAGE_CONTENT","messageId":"m","delta":${literal}}`,
    others: [
      '{"type":"TEXT_MESSAGE_START","messageId":"m","role":"user"}',
      '{"type":"TEXT_MESSAGE_START","messageId":"m","role":"assistant"}',
      '{"type":"TOOL_CALL_CHUNK","toolCallId":"t","toolCallName":"f","delta":"a"}',
      '{"type":"RUN_FINISHED","finishReason":"tool_calls"}',
    ],
  },
  {
    format: cohere,
    text: (literal) =>
      `{"type":"content-delta","index":0,"delta":{"message":{"content":{"text":${literal}}}}}`,
    others: [
      '{"type":"content-delta","index":0,"delta":{"message":{"content":{"thinking":"a"}}}}',
      '{"type":"tool-plan-delta","delta":{"message":{"tool_plan":"a"}}}',
    ],
  },
  {
    format: plain,
    text: (literal) => `{"text":${literal}}`,
    others: [
      '{"text":"a","id":"a"}',
      '{"reasoning":"a"}',
      '"a"',
      '{"text":"a","done":true}',
      '[1]',
    ],
  },
  {
    format: plain,
    text: (literal) => `{"type":"token","text":"","content":${literal},"done":false}`,
    others: ['{"type":"tool","name":"a"}', '{"type":"token","text":"a"}', '{"message":"a"}'],
  },
  {
    format: plain,
    text: (literal) => `{"role":"assistant","content":[{"text":${literal}}]}`,
    others: ['"a"', '{"text":"a"}', '{"type":"tool","name":"a"}'],
  },
]

const literals = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom('a', ' the', 'x', 'id', ':', ',', '}', '', '0', 'ü', '😀'),
  },
  { weight: 3, arbitrary: fc.constantFrom('"', '\\', '\n', '"}', '"},"x":"', '\u0000', '\ud83d') },
  { weight: 3, arbitrary: fc.string({ unit: 'binary', maxLength: 30 }) },
)

/** No template ends like this. */
const MARK = '\ue000'

/** What a decoder hands on for such frames, up to the answer's end; an error by its code. */
function decodeAll(format: typeof plain, frames: SseEvent[], isParsed: boolean): unknown[] {
  const events: unknown[] = []
  const decoder = format.decoder()
  let isOver = false
  const emit = (event: WireEvent) => {
    // In raw text the whole frame is the text.
    events.push(typeof event === 'string' ? event.replace(MARK, '') : event)
    isOver ||= typeof event === 'object' && /^(?:complete|error)$/.test(event.type)
  }
  try {
    for (const frame of frames) {
      if (isOver) return events
      // A payload that is parsed already is read without a template.
      const payload = isParsed ? parsed(frame.data) : undefined
      // Nor is one with more behind it: a payload that is no JSON cannot be given.
      const isBroken = isParsed && payload === undefined && frame.data.startsWith('{')
      decoder.push(isBroken ? { ...frame, data: frame.data + MARK } : frame, emit, payload)
    }
    decoder.end(emit)
  } catch (error) {
    events.push({ code: (error as { code?: string }).code })
  }
  return events
}

function parsed(data: string): unknown {
  try {
    return JSON.parse(data)
  } catch {
    return undefined
  }
}

const frame = (data: string, type = 'message'): SseEvent => ({ type, data, lastEventId: '' })

describe('a frame that is like the one before but for its text', () => {
  afterEach(() => vi.restoreAllMocks())

  for (const { format, text, others } of shapes) {
    const piece = fc
      .tuple(literals, fc.stringMatching(/^\w{0,5}$/))
      .map(([value, padding]) => text(JSON.stringify(value), padding))
    const other = fc.constantFrom(...others, '[DONE]')
    /** A frame with one character too many, one too few, or another one. */
    const broken = fc
      .tuple(piece, fc.nat(), fc.constantFrom('', '"', '\\', '}', ' ', 'x', '\n'), fc.boolean())
      .map(([data, at, character, drops]) => {
        const from = at % data.length
        return data.slice(0, from) + character + data.slice(from + (drops ? 1 : 0))
      })
    const frames = fc.array(
      fc
        .oneof(
          { weight: 8, arbitrary: piece },
          { weight: 2, arbitrary: other },
          { weight: 1, arbitrary: broken },
        )
        .map((data) => frame(data)),
      { maxLength: 12 },
    )

    test(`${format.name}: ${text('…', '')} is read as if it had been parsed`, () => {
      fc.assert(
        fc.property(frames, (frames) => {
          const expected = decodeAll(format, frames, true)
          expect(decodeAll(format, frames, false)).toEqual(expected)
        }),
        { numRuns: 1_000 },
      )
    })
  }

  const rows = [
    { name: 'another text', data: '{"text":"b"}', events: ['b'] },
    { name: 'an escaped text', data: '{"text":"b\\n\\"}"}', events: ['b\n"}'] },
    { name: 'a long text', data: `{"text":"${'b'.repeat(40)}"}`, events: ['b'.repeat(40)] },
    { name: 'blanks before the last brace', data: '{"text":"b"  }', events: ['b'] },
    { name: 'an empty text', data: '{"text":""}', events: [] },
    { name: 'a second key', data: '{"text":"b","done":true}', events: ['b', { type: 'complete' }] },
    { name: 'a key twice', data: '{"text":"b","text":"c"}', events: ['c'] },
    { name: 'something behind it', data: '{"text":"b"x}', code: 'malformed' },
    { name: 'a control character in it', data: '{"text":"\u0001"}', code: 'malformed' },
    {
      name: 'a long text with a control character',
      data: `{"text":"${'b'.repeat(40)}\u0001"}`,
      code: 'malformed',
    },
    { name: 'half an escape', data: '{"text":"b\\"}', code: 'malformed' },
    {
      name: 'another event',
      type: 'usage',
      data: '{"text":"b"}',
      events: [{ type: 'data', name: 'usage', data: { text: 'b' } }],
    },
  ]
  for (const { name, data, type, events, code } of rows) {
    test(`${name} after it is read right`, () => {
      const expected = events ?? [{ code }]
      const frames = [frame('{"text":"a"}'), frame(data, type)]
      expect(decodeAll(plain, frames, false)).toEqual(['a', ...expected])
    })
  }

  const doubtful = [
    { name: 'the same text stands there twice', data: '{"token":"a","text":"a"}' },
    { name: 'the text is escaped', data: '{"token":"a","text":"\\u0061"}' },
  ]
  for (const { name, data } of doubtful) {
    test(`is parsed where ${name}`, () => {
      const frames = [frame(data), frame(data.replace('"token":"a"', '"token":"b"'))]
      expect(decodeAll(plain, frames, false)).toEqual(['a', 'a'])
    })
  }

  test('is parsed where more than padding differs at its end', () => {
    const [one, two, three] = ['a', 'b', 'c'].map((text) => chat(`{"content":"${text}"}`, 'x'))
    const failed = `${three?.slice(0, -1)},"error":"broken"}`
    const frames = [one, two, failed].map((data) => frame(data ?? ''))
    const types = decodeAll(openaiChat, frames, false).map((event) =>
      typeof event === 'string' ? event : (event as { type: string }).type,
    )
    expect(types).toEqual(['facts', 'a', 'b', 'c', 'error'])
  })

  test('is parsed after a frame too long to be a piece of text', () => {
    const decoder = plain.decoder()
    const push = (text: string) => decoder.push(frame(JSON.stringify({ text })), () => {})
    push('a'.repeat(10_000))
    const parse = vi.spyOn(JSON, 'parse')
    push('b')
    expect(parse).toHaveBeenCalledTimes(1)
  })

  test('is parsed where its padding is broken off', () => {
    const data = ['a', 'b'].map((text) => chat(`{"content":"${text}"}`, 'x'))
    const frames = [...data, data[1]?.replace('x"}', '}') ?? ''].map((data) => frame(data))
    const events = decodeAll(openaiChat, frames, false)
    expect(events.slice(1)).toEqual(['a', 'b', { code: 'malformed' }])
  })

  test('is parsed in an answer where each frame has been another', () => {
    const decoder = plain.decoder()
    const push = (id: number) => decoder.push(frame(`{"n":${id},"text":"a"}`), () => {})
    for (let id = 0; id < 30; id++) push(id)
    const parse = vi.spyOn(JSON, 'parse')
    for (let again = 0; again < 5; again++) push(30)
    expect(parse).toHaveBeenCalledTimes(5)
  })

  test('is not parsed but for a text with escapes', () => {
    const parse = vi.spyOn(JSON, 'parse')
    for (const { format, text } of shapes.filter(({ others }) => others.length > 1)) {
      const decoder = format.decoder()
      const emitted: unknown[] = []
      const push = (value: string) =>
        decoder.push(frame(text(JSON.stringify(value), 'x')), (event) => emitted.push(event))
      for (const value of ['one', 'two']) push(value)
      parse.mockClear()
      for (const value of ['three', 'a "b"\n', 'four']) push(value)
      expect(emitted.slice(-3)).toEqual(['three', 'a "b"\n', 'four'])
      expect(parse.mock.calls, text('…', '')).toEqual([['"a \\"b\\"\\n"']])
    }
  })
})
