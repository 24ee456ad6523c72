import type { ChatResult } from 'chatwire'
import { readChat } from 'chatwire'
import { select } from 'chatwire/formats'
import { describe, expect, test } from 'vitest'
import { byteByByte, twoWayCuts } from '../helpers/cut.ts'
import { utf8 } from '../helpers/encode.ts'
import { checkPromises, doneOf, merged, run } from '../helpers/run.ts'
import { responseOf } from '../helpers/stream.ts'

const sse = 'text/event-stream'
const json = 'application/json'

const data = (...frames: unknown[]) =>
  frames
    .map((frame) => `data: ${typeof frame === 'string' ? frame : JSON.stringify(frame)}\n\n`)
    .join('')
const chunk = (delta: object, finish_reason: string | null = null, more: object = {}) => ({
  object: 'chat.completion.chunk',
  choices: [{ index: 0, delta, finish_reason, ...more }],
})

interface Row {
  name: string
  body: string
  type?: string
  expect: Partial<Omit<ChatResult, 'error' | 'toolCalls'>>
  error?: object
  calls?: object[]
}

const rows: Row[] = [
  {
    name: 'sources of the route itself may come before the stream of a provider',
    body: data({ sources: [{ url: 'http://x' }] }, chunk({ content: 'a' }, 'stop'), '[DONE]'),
    expect: { text: 'a', finishReason: 'stop' },
  },
  {
    name: 'thinking of the route itself may come before the stream of a provider',
    body: data({ type: 'thinking', content: 'x' }, chunk({ content: 'a' }, 'stop'), '[DONE]'),
    expect: { text: 'a', reasoning: 'x', finishReason: 'stop' },
  },
  {
    name: 'of two JSON values the first counts though the second is cut',
    type: json,
    body: '{"text":"a"}{"text":"b',
    expect: { text: 'a', finishReason: 'error' },
    error: { code: 'truncated', pending: '{"text":"b' },
  },
  {
    name: 'one chunk of a stream is no whole answer',
    type: json,
    body: JSON.stringify(chunk({ content: 'a' })),
    expect: { text: 'a', finishReason: 'error' },
    error: { code: 'truncated' },
  },
  {
    name: 'one frame that says it is not done is no whole answer',
    type: json,
    body: '{"text":"a","done":false}',
    expect: { text: 'a', finishReason: 'unknown' },
  },
  {
    name: 'a list without its closing bracket was cut',
    type: json,
    body: '[{"text":"a"},{"text":"b"}',
    expect: { text: 'ab', finishReason: 'error' },
    error: { code: 'truncated' },
  },
  ...['null', '42', 'true'].map((body) => ({
    name: `a JSON body that is ${body} is no answer`,
    type: json,
    body,
    expect: { text: '', finishReason: 'error' as const },
    error: { code: 'content-type', body },
  })),
  {
    name: 'a page is shown from its start, however it is cut',
    type: json,
    body: '<!doctype html><p>Sign in</p>',
    expect: { text: '', finishReason: 'error' },
    error: { code: 'content-type', body: '<!doctype html><p>Sign in</p>' },
  },
  {
    name: 'an error of the route after a finish reason counts',
    body: data(chunk({ content: 'a' }, 'stop'), { type: 'error', message: 'boom' }),
    expect: { text: 'a', finishReason: 'error' },
    error: { code: 'provider' },
  },
  {
    name: "a route's detail among chunks is an error",
    body: data(chunk({ content: 'a' }), { detail: 'oops' }),
    expect: { text: 'a', finishReason: 'error' },
    error: { code: 'provider' },
  },
  {
    name: 'an error may stand in the choice',
    body: data(
      chunk({ content: 'a' }, 'error', { error: { code: 502, message: 'Bad' } }),
      '[DONE]',
    ),
    expect: { text: 'a', finishReason: 'error' },
    error: { code: 'provider', providerCode: '502', retryable: true },
  },
  {
    name: "an error's words count more than its class, which is its code",
    body: data(chunk({ content: 'a' }), { error: 'ValueError', message: 'It broke.' }),
    expect: { text: 'a', finishReason: 'error' },
    error: {
      code: 'provider',
      providerCode: 'ValueError',
      message: 'The server reported an error in the stream: It broke.',
    },
  },
  {
    name: "an error's status may be its status_code",
    body: `${data(chunk({ content: 'a' }))}event: error\ndata: {"status_code":503,"message":"Full"}\n\n`,
    expect: { text: 'a', finishReason: 'error' },
    error: { code: 'provider', providerCode: '503', retryable: true },
  },
  {
    name: 'an error event without data is an error',
    body: `${data({ text: 'a' })}event: error\ndata:\n\n`,
    expect: { text: 'a', finishReason: 'error' },
    error: { code: 'provider' },
  },
  ...[
    '{"error":{"message":"boom","code":500}}',
    '{\n  "error": {\n    "message": "boom"\n  }\n}',
  ].map((bare, index) => ({
    name: `an error may stand bare at the end of an event stream, ${index + 1}`,
    body: `${data(chunk({ content: 'a' }))}${bare}\n`,
    expect: { text: 'a', finishReason: 'error' as const },
    error: { code: 'provider' },
  })),
  {
    name: 'the event name of a hand-written frame does not make it another format',
    body: 'event: content-delta\ndata: {"text":"a"}\n\nevent: content.delta\ndata: {"text":"b"}\n\ndata: [DONE]\n\n',
    expect: { text: 'ab', finishReason: 'stop' },
  },
  {
    name: 'the type of an Anthropic event may stand in its name alone',
    body:
      'event: message_start\ndata: {"message":{"id":"m"}}\n\n' +
      'event: content_block_delta\ndata: {"index":0,"delta":{"type":"text_delta","text":"a"}}\n\n' +
      'event: message_stop\ndata: {}\n\n',
    expect: { text: 'a', id: 'm', finishReason: 'stop' },
  },
  {
    name: 'llama.cpp says why it stopped beside that it did',
    body: data({ content: 'a' }, { content: '', stop: true, stop_type: 'limit' }),
    expect: { text: 'a', finishReason: 'length', rawFinishReason: 'limit' },
  },
  {
    name: 'a done_reason is a finish reason',
    body: data({ response: 'a', done: false }, { response: '', done: true, done_reason: 'length' }),
    expect: { text: 'a', finishReason: 'length', rawFinishReason: 'length' },
  },
  {
    name: 'the end marker may be encoded as JSON like the words before it',
    body: data('"a"', '"[DONE]"'),
    expect: { text: 'a', finishReason: 'stop' },
  },
  {
    name: 'calls side by side without an index are told apart by their place',
    body: data(
      chunk({
        tool_calls: [
          { id: 'w', function: { name: 'weather', arguments: '' } },
          { id: 't', function: { name: 'time', arguments: '' } },
        ],
      }),
      chunk(
        {
          tool_calls: [
            { function: { arguments: '{"l":1}' } },
            { function: { arguments: '{"z":2}' } },
          ],
        },
        'tool_calls',
      ),
      '[DONE]',
    ),
    expect: { finishReason: 'tool-calls' },
    calls: [
      { id: 'w', name: 'weather', input: { l: 1 } },
      { id: 't', name: 'time', input: { z: 2 } },
    ],
  },
  {
    name: 'usage may stand in the choice',
    body: data(
      chunk({ content: 'a' }, 'stop', {
        usage: { prompt_tokens: 3, completion_tokens: 4, cached_tokens: 1 },
      }),
      '[DONE]',
    ),
    expect: {
      usage: {
        inputTokens: 3,
        outputTokens: 4,
        totalTokens: 7,
        cachedInputTokens: 1,
        raw: { prompt_tokens: 3, completion_tokens: 4, cached_tokens: 1 },
      },
    },
  },
  {
    name: 'a finish reason that means failure is an error that may pass',
    body: data(chunk({ content: 'a' }, 'insufficient_system_resource'), '[DONE]'),
    expect: { text: 'a', finishReason: 'error' },
    error: { code: 'provider', providerCode: 'insufficient_system_resource', retryable: true },
  },
  {
    name: 'an event stream may be labelled as lines of JSON',
    type: 'application/x-ndjson',
    body: data(chunk({ content: 'a' }, 'stop'), '[DONE]'),
    expect: { text: 'a', finishReason: 'stop' },
  },
  {
    name: 'a message without delta after deltas is not appended',
    body: data(
      chunk({ content: 'ab' }),
      { choices: [{ message: { content: 'ab' }, finish_reason: 'stop' }] },
      '[DONE]',
    ),
    expect: { text: 'ab', finishReason: 'stop' },
  },
  {
    name: 'a refusal that is explained twice is read once',
    body: data(
      { type: 'message_start', message: { id: 'm' } },
      ...[1, 2].map((output_tokens) => ({
        type: 'message_delta',
        delta: { stop_reason: 'refusal', stop_details: { explanation: 'No.' } },
        usage: { output_tokens },
      })),
      { type: 'message_stop' },
    ),
    expect: { refusal: 'No.', finishReason: 'content-filter' },
  },
  ...[{}, { status: 'ok' }, { content: [] }, { type: 'message' }].map(
    (own): Row => ({
      name: `no whole message ends a message of Anthropic: ${JSON.stringify(own)}`,
      body: data(
        { type: 'message_start', message: { id: 'm', content: [] } },
        { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'a' } },
        own,
        { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'b' } },
      ),
      expect: { text: 'ab', finishReason: 'error' },
      error: { code: 'truncated' },
    }),
  ),
  {
    name: 'a message that does not say why it ended is no whole answer of Cohere',
    body: data(
      { type: 'message-start', id: 'm' },
      { type: 'content-delta', index: 0, delta: { message: { content: { text: 'a' } } } },
      { message: {} },
    ),
    expect: { text: 'a', finishReason: 'error' },
    error: { code: 'truncated' },
  },
  ...[{ statusCode: 500 }, { status: 'error' }, { success: false }].map(
    (sign): Row => ({
      name: `a message beside ${JSON.stringify(sign)} is an error`,
      body: data({ text: 'a' }, { ...sign, message: 'it broke' }),
      expect: { text: 'a', finishReason: 'error' },
      error: { code: 'provider' },
    }),
  ),
  {
    name: 'text that starts with a colon is text',
    type: 'text/plain',
    body: ':smile: hello',
    expect: { text: ':smile: hello', finishReason: 'unknown' },
  },
  {
    name: 'text that is a list of objects is text',
    type: 'text/plain',
    body: '[{"title":"t"}]',
    expect: { text: '[{"title":"t"}]', finishReason: 'unknown' },
  },
]

describe('what servers deviate in, at any cut', () => {
  for (const { name, body, type = sse, expect: expected, error, calls } of rows) {
    test(name, async () => {
      const bytes = utf8(body)
      const read = (chunks: readonly Uint8Array[]) => run(readChat(responseOf(chunks, type)))
      const whole = await read([bytes])
      checkPromises(whole)
      const done = doneOf(whole)
      expect(done).toMatchObject(expected)
      if (error === undefined) expect(done.error).toBeUndefined()
      else expect(done.error).toMatchObject(error)
      expect(done.toolCalls).toMatchObject(calls ?? [])
      for (const chunks of [byteByByte(bytes), ...twoWayCuts(bytes)]) {
        expect(merged(await read(chunks), body)).toEqual(merged(whole, body))
      }
    })
  }
})

describe('select', () => {
  const answer = () => responseOf([utf8(data({ say: 'a' }))], sse)

  test('an async function is an error, and its rejection is nobody else’s', async () => {
    const format = select((async () => {
      throw new Error('late')
    }) as never)
    expect(doneOf(await run(readChat(answer(), { format }))).error).toMatchObject({
      code: 'callback',
    })
  })

  test('a choice of 0 is the first choice', async () => {
    const format = select((payload) => ({
      type: 'text',
      text: (payload as { say: string }).say,
      choice: 0,
    }))
    expect(doneOf(await run(readChat(answer(), { format }))).text).toBe('a')
  })
})
