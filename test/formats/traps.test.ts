import type { ChatEvent, ReadOptions } from 'chatwire'
import { readChat } from 'chatwire'
import { describe, expect, test, vi } from 'vitest'
import { callingFormats } from '../fixtures/calls.ts'
import { byteByByte, twoWayCuts } from '../helpers/cut.ts'
import { comment, ndjson, sse, utf8 } from '../helpers/encode.ts'
import type { Expected, Fixture } from '../helpers/fixture.ts'
import { eventStream, formatOf, json, jsonLines } from '../helpers/fixture.ts'
import { checkPromises, checkToolCalls, doneOf, merged, run } from '../helpers/run.ts'
import { responseOf } from '../helpers/stream.ts'
import { testTable } from '../helpers/table.ts'

function read(body: string, options: ReadOptions = {}, contentType = eventStream) {
  return run(readChat(responseOf([utf8(body)], contentType), options))
}

const poison = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"n":1}'

describe.each(callingFormats)('%s', (format, answer) => {
  const named = { format: formatOf(format) }

  test('names of prototypes are ids, names and keys like others', async () => {
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      const cut = Math.floor(poison.length / 2)
      const body = sse(answer(name, name, [poison.slice(0, cut), poison.slice(cut)]))
      for (const options of [{}, named]) {
        const events = await read(body, options)
        checkPromises(events)
        checkToolCalls(events)
        const { text, finishReason, toolCalls } = doneOf(events)
        expect([text, finishReason, toolCalls.length]).toEqual(['Hello', 'tool-calls', 1])
        const [call] = toolCalls
        expect([call?.id, call?.name]).toEqual([name, name])
        expect(JSON.stringify(call?.input)).toBe(poison)
        expect(Reflect.get({}, 'polluted')).toBeUndefined()
      }
    }
  })

  test('a payload of an unknown type changes nothing but that it may be handed on', async () => {
    const payloads = answer('t', 'f', ['{"n":', '1}'])
    const without = (events: readonly ChatEvent[]) =>
      merged(events.filter(({ type }) => type !== 'data'))
    const expected = without(await read(sse(payloads)))
    const unknown =
      format === 'aiSdkData'
        ? '5:{"n":1}'
        : { type: 'x-new', event_type: 'x.new', n: { text: 'no' } }
    for (let index = 1; index < payloads.length; index += 1) {
      const body = sse([...payloads.slice(0, index), unknown, ...payloads.slice(index)])
      expect(without(await read(body)), `before payload ${index}`).toEqual(expected)
    }
  })

  test('a failure of the route among the payloads is an error, in whatever words', async () => {
    const payloads = answer('t', 'f', ['{"n":', '1}'])
    const faults = [
      { error: 'it broke' },
      { error: { message: 'it broke' } },
      { detail: 'it broke' },
      { message: 'it broke', status: 502 },
    ]
    for (const fault of faults) {
      const body = sse([...payloads.slice(0, -1), fault, ...payloads.slice(-1)])
      for (const options of [{}, named]) {
        const events = await read(body, options)
        checkPromises(events)
        const { text, error } = doneOf(events)
        expect([text, error?.code], JSON.stringify(fault)).toEqual(['Hello', 'provider'])
        expect(error?.message).toContain('it broke')
      }
    }
  })

  test('arguments twice as long are twice the work, however small the pieces', async () => {
    const workOf = async (count: number): Promise<number> => {
      const pieces = ['{"text":"', ...Array<string>(count).fill('0123456789'), '"}']
      const body = sse(answer('t', 'f', pieces))
      let work = 0
      const { parse } = JSON
      const { exec } = RegExp.prototype
      const parsing = vi.spyOn(JSON, 'parse').mockImplementation((text, reviver) => {
        work += text.length
        return parse(text, reviver)
      })
      const matching = vi.spyOn(RegExp.prototype, 'exec').mockImplementation(function (
        this: RegExp,
        text,
      ) {
        work += text.length
        return exec.call(this, text)
      })
      const events = await read(body, named)
      parsing.mockRestore()
      matching.mockRestore()
      expect(doneOf(events).toolCalls[0]?.inputText.length).toBe(10 * count + 11)
      return work
    }
    expect((await workOf(2000)) / (await workOf(1000))).toBeLessThan(2.3)
  })
})

const chunk = (content: string, finish: string | null = null) => ({
  object: 'chat.completion.chunk',
  choices: [{ index: 0, delta: { content }, finish_reason: finish }],
})
const part = (text: string, finishReason?: string) => ({
  candidates: [{ content: { role: 'model', parts: [{ text }] }, finishReason }],
})
const stopped: Expected = { text: 'Hello', finishReason: 'stop' }
const failed: Expected = {
  text: 'Hel',
  finishReason: 'error',
  error: { code: 'provider', providerCode: '503', retryable: true, says: 'busy' },
}
const fault = { error: { code: 503, message: 'busy', status: 'UNAVAILABLE' } }
const chat = sse([chunk('Hel'), chunk('lo', 'stop'), '[DONE]'])

/** Strings that hold what a scan for the end of a value could take for one. */
const tricky = ['Hel', '{"a":"}', ']}\\"', '\\', 'lö 👋🏽 "', '\u2028']

const framings: readonly Fixture[] = [
  ...['text/plain', 'text/plain; charset=utf-8', json, 'application/octet-stream', eventStream].map(
    (contentType): Fixture => ({
      name: `values without separators, in strings what looks like one, as ${contentType}`,
      contentType,
      format: 'openaiChat',
      body: [...tricky.map((text) => chunk(text)), chunk('', 'stop')]
        .map((value) => JSON.stringify(value))
        .join(''),
      expect: { text: tricky.join(''), finishReason: 'stop' },
    }),
  ),
  ...(
    [
      ['data', ''],
      ['a comment', comment(' stream-open')],
      ['an id', 'id: 1\n'],
      ['a reconnection time', 'retry: 1000\n\n'],
      ['a blank line', '\n'],
      ['a byte order mark', '\uFEFF'],
    ] as const
  ).map(
    ([name, start]): Fixture => ({
      name: `an event stream labelled JSON that starts with ${name}`,
      contentType: json,
      format: 'openaiChat',
      body: start + chat,
      expect: stopped,
    }),
  ),
  {
    name: 'an event stream labelled JSON that starts with a name',
    contentType: 'application/json; charset=utf-8',
    format: 'anthropic',
    body: sse(
      [
        { type: 'message_start', message: { id: 'm' } },
        { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello' } },
        { type: 'message_stop' },
      ],
      { event: 'x' },
    ),
    expect: stopped,
  },
  ...['\n', '\r\n', '\r'].flatMap((newline) =>
    [0, 2].map((indent): Fixture => {
      const bare = JSON.stringify(fault, null, indent).replaceAll('\n', newline)
      const body = sse([part('Hel')], { newline: newline as '\n' }) + bare + newline
      return {
        name: `a bare error at the end, indented by ${indent}, lines ending with ${JSON.stringify(newline)}`,
        contentType: eventStream,
        format: 'gemini',
        body,
        expect: failed,
      }
    }),
  ),
  ...['\n', '\r\n', '\r'].flatMap((newline) =>
    [0, 2].map((indent): Fixture => {
      const bare = JSON.stringify(fault, null, indent).replaceAll('\n', newline)
      const options = { newline: newline as '\n' }
      return {
        name: `a bare error in the middle, indented by ${indent}, lines ending with ${JSON.stringify(newline)}`,
        contentType: eventStream,
        format: 'gemini',
        body:
          sse([part('Hel')], options) +
          bare +
          newline +
          newline +
          sse([part('lo', 'STOP')], options),
        expect: failed,
      }
    }),
  ),
  {
    name: 'a bare error on the line after the data of an event',
    contentType: eventStream,
    format: 'openaiChat',
    body: `data: ${JSON.stringify(chunk('Hel'))}\n${JSON.stringify(fault)}\n\n${chat}`,
    expect: failed,
  },
  {
    name: 'bare braces that are no object are unknown fields',
    contentType: eventStream,
    format: 'openaiChat',
    body: `${sse([chunk('Hel')])}{ return }\n{"open":\n: comment\n}\n{\n${sse([chunk('lo', 'stop'), '[DONE]'])}`,
    expect: stopped,
  },
  {
    name: 'an event without data is the end though comments follow',
    contentType: eventStream,
    format: 'langgraph',
    body: 'event: data\r\ndata: "Hello"\r\n\r\nevent: end\r\n\r\n: ping - now\r\n\r\n',
    expect: stopped,
    sniffed: false,
  },
  ...['', sse([chunk('Hello')])].map(
    (before): Fixture => ({
      name: `llama.cpp's failures are a field of their own, after ${before.length} characters`,
      contentType: eventStream,
      format: 'openaiChat',
      body: `${before}error: ${JSON.stringify(fault.error)}\n\n`,
      expect: { ...failed, text: before === '' ? '' : 'Hello' },
    }),
  ),
  ...[
    'Hello, wörld: all\n\nof it.\n',
    'Note: all of it\n\nis text',
    'Note: all of it\n\ndata: is text',
    'Note: the\nidea of\ndata is text',
    '  Hello world',
    'Yes',
    'Hello \ufffd',
  ].map(
    (text): Fixture => ({
      name: `bare text labelled an event stream: ${JSON.stringify(text)}`,
      contentType: eventStream,
      format: 'plain',
      body: text,
      expect: { text, finishReason: 'unknown' },
    }),
  ),
  {
    name: 'an unknown field first does not make an event stream text',
    contentType: eventStream,
    format: 'plain',
    body: `note: one\nother: two\n${sse([{ text: 'Hello' }, '[DONE]'])}`,
    expect: stopped,
  },
  {
    name: 'the start of a name alone is an event stream that was cut off',
    contentType: eventStream,
    format: 'plain',
    body: 'dat',
    expect: { text: '', finishReason: 'error', error: { code: 'truncated' } },
  },
  {
    name: 'what is compressed is no text, though its first byte might be',
    contentType: eventStream,
    format: 'plain',
    body: '(\ufffd/\ufffd Hello world',
    expect: { text: '', finishReason: 'error', error: { code: 'truncated' } },
  },
  {
    name: 'a word that begins like the name of a field does not end an object that stands bare',
    contentType: eventStream,
    format: 'plain',
    body: `${sse([{ text: 'Hello' }])}{\nretrying soon\n`,
    expect: { text: 'Hello', finishReason: 'error', error: { code: 'truncated' } },
  },
  {
    name: 'a bare error alone in an event stream',
    contentType: eventStream,
    format: 'gemini',
    body: JSON.stringify(fault, null, 2),
    expect: { ...failed, text: '' },
  },
  {
    name: 'words among chunks are not what the format allows',
    contentType: eventStream,
    format: 'openaiChat',
    body: sse([chunk('Hel'), 'it broke', chunk('lo', 'stop')]),
    expect: { text: 'Hel', finishReason: 'error', error: { code: 'malformed' } },
  },
]

describe('framing', () => testTable(framings))

describe.each([
  ['an event stream', eventStream, (all: string[]) => sse(all)],
  ['lines', jsonLines, (all: string[]) => ndjson(all)],
  ['values', json, (all: string[]) => all.join('')],
  ['an array', json, (all: string[]) => `[${all.join()}]`],
] as const)('a payload above the limit, in %s', (_name, contentType, bodyOf) => {
  test('is an error after the text before it, whether it ends or not', async () => {
    const large = JSON.stringify(chunk('x'.repeat(500)))
    const body = bodyOf([JSON.stringify(chunk('Hel')), large])
    for (const wire of [body, body.slice(0, -20)]) {
      for (const chunks of [[utf8(wire)], byteByByte(utf8(wire))]) {
        const options = { maxEventSize: 400 }
        const events = await run(readChat(responseOf(chunks, contentType), options))
        checkPromises(events)
        expect(doneOf(events)).toMatchObject({
          text: 'Hel',
          error: { code: 'too-large', limit: 400 },
        })
      }
    }
  })
})

test.each([
  ['LF', '\n'],
  ['CRLF, of which the last is cut', '\r\n'],
] as const)('a first event comes with its blank line: %s', async (_name, newline) => {
  const body = sse([{ text: 'Hello' }], { newline }).replace(/\r\n$/, '\r')
  const chat = readChat(responseOf([utf8(body)], eventStream, 'stall'))
  const events: unknown[] = []
  const first = chat.next().then(({ value }) => events.push(value))
  await vi.waitFor(() => expect(events).toEqual([{ type: 'text', text: 'Hello' }]))
  await Promise.all([first, chat.return()])
})

test("Gemini's refusal is read though it calls itself an event stream", async () => {
  const error = { code: 404, message: 'models/x is not found', status: 'NOT_FOUND' }
  const bytes = utf8(JSON.stringify({ error }, null, 2))
  for (const chunks of [[bytes], byteByByte(bytes), ...twoWayCuts(bytes)]) {
    const { body } = responseOf(chunks, eventStream)
    const headers = { 'content-type': eventStream }
    const events = await run(readChat(new Response(body, { status: 404, headers })))
    checkPromises(events)
    expect(events).toHaveLength(2)
    expect(doneOf(events).error).toMatchObject({
      code: 'http',
      status: 404,
      providerCode: '404',
      retryable: false,
      message: expect.stringContaining('models/x is not found'),
    })
  }
})

test('a data part is handed on with its id each time it comes, a transient one too', async () => {
  const events = await read(
    sse([
      { type: 'start' },
      { type: 'data-weather', id: 'w', data: 1 },
      { type: 'data-weather', id: 'w', data: 2 },
      { type: 'data-note', data: 3, transient: true },
      { type: 'finish' },
    ]),
  )
  expect(events.slice(0, -1)).toEqual([
    { type: 'data', name: 'weather', id: 'w', data: 1 },
    { type: 'data', name: 'weather', id: 'w', data: 2 },
    { type: 'data', name: 'note', data: 3, transient: true },
  ])
})
