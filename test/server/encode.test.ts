import { ChatError, type ChatErrorDetails } from 'chatwire'
import type { ChatEventInit } from 'chatwire/server'
import { describe, expect, test } from 'vitest'
import { answerOf, DONE, payloadsOf, wireOf } from './wire.ts'

const stop = '{"done":true,"finishReason":"stop","rawFinishReason":null}'
const failed = '{"done":true,"finishReason":"error","rawFinishReason":null}'
const unexplained = '{"error":"The server could not complete the answer.","retryable":false}'

const rows: [rule: string, events: ChatEventInit[], payloads: string[]][] = [
  [
    'text, reasoning and refusal have frames that every reader of hand-written routes knows',
    [
      { type: 'reasoning', text: 'Hm' },
      { type: 'text', text: 'Hel' },
      { type: 'text', text: 'lo' },
      { type: 'refusal', text: 'No' },
      { type: 'done', finishReason: 'stop' },
    ],
    ['{"reasoning":"Hm"}', '{"text":"Hel"}', '{"text":"lo"}', '{"refusal":"No"}', stop, DONE],
  ],
  [
    'a string is text',
    ['Hello', { type: 'done', finishReason: 'stop' }],
    ['{"text":"Hello"}', stop, DONE],
  ],
  [
    'empty text is not sent',
    ['', { type: 'text', text: '' }, { type: 'done', finishReason: 'stop' }],
    [stop, DONE],
  ],
  [
    'every other event is sent as it is, under event',
    [
      { type: 'tool-call-delta', id: 't', name: 'f', delta: '{' },
      { type: 'tool-call', id: 't', name: 'f', input: { x: 1 }, inputText: '{"x":1}' },
      { type: 'tool-result', id: 't', output: [1], isError: false },
      { type: 'source', url: 'https://a.example/', raw: 1 },
      { type: 'file', mediaType: 'image/png', url: 'data:image/png;base64,AA==' },
      { type: 'data', name: 'weather', data: { sun: true } },
      { type: 'done', finishReason: 'tool-calls' },
    ],
    [
      '{"event":{"type":"tool-call-delta","id":"t","name":"f","delta":"{"}}',
      '{"event":{"type":"tool-call","id":"t","name":"f","input":{"x":1},"inputText":"{\\"x\\":1}"}}',
      '{"event":{"type":"tool-result","id":"t","output":[1],"isError":false}}',
      '{"event":{"type":"source","url":"https://a.example/","raw":1}}',
      '{"event":{"type":"file","mediaType":"image/png","url":"data:image/png;base64,AA=="}}',
      '{"event":{"type":"data","name":"weather","data":{"sun":true}}}',
      '{"done":true,"finishReason":"tool-calls","rawFinishReason":null}',
      DONE,
    ],
  ],
  [
    'text of a parallel answer is not mixed into the first',
    [
      { type: 'text', text: 'a', choice: 1 },
      { type: 'done', finishReason: 'stop' },
    ],
    ['{"event":{"type":"text","text":"a","choice":1}}', stop, DONE],
  ],
  [
    'the end carries what is known of the answer, and not its content once more',
    answerOf([{ type: 'text', text: 'Hi' }], {
      finishReason: 'length',
      rawFinishReason: 'max_tokens',
      id: 'm1',
      model: 'small',
      usage: { inputTokens: 3, raw: { input_tokens: 3 } },
    }),
    [
      '{"text":"Hi"}',
      '{"done":true,"finishReason":"length","id":"m1","model":"small","usage":{"inputTokens":3,"raw":{"input_tokens":3}},"rawFinishReason":"max_tokens"}',
      DONE,
    ],
  ],
  ['a done without a reason means stop', [{ type: 'done' }], [stop, DONE]],
  [
    'an answer that just ends is not complete',
    ['Hel'],
    ['{"text":"Hel"}', '{"done":true,"finishReason":"unknown","rawFinishReason":null}', DONE],
  ],
  [
    'no events at all are not a complete answer',
    [],
    ['{"done":true,"finishReason":"unknown","rawFinishReason":null}', DONE],
  ],
  [
    'an error carries what the end would have',
    answerOf([{ type: 'text', text: 'Hi' }], {
      finishReason: 'error',
      model: 'small',
      error: new ChatError('truncated', 'It was cut off.', { retryable: true }),
    }),
    [
      '{"text":"Hi"}',
      '{"error":"It was cut off.","code":"truncated","retryable":true,"model":"small"}',
      failed,
      DONE,
    ],
  ],
  [
    'an error without a done still ends the answer',
    [{ type: 'error', error: new ChatError('provider', 'Busy.', { providerCode: 'overloaded' }) }],
    ['{"error":"Busy.","code":"overloaded","retryable":false}', failed, DONE],
  ],
  [
    'nothing but the end comes after an error, and nothing after the end',
    [
      { type: 'error', error: new ChatError('provider', 'First.') },
      'text',
      { type: 'error', error: new ChatError('provider', 'Second.') },
      { type: 'done' },
      'more',
    ],
    ['{"error":"First.","retryable":false}', failed, DONE],
  ],
  ['nothing comes after the end', [{ type: 'done' }, 'more', { type: 'done' }], [stop, DONE]],
  [
    'an error that is only in the done is an error',
    [{ type: 'done', finishReason: 'error', error: new ChatError('provider', 'Busy.') }],
    ['{"error":"Busy.","retryable":false}', failed, DONE],
  ],
  [
    'a finish reason that means error is an error',
    [{ type: 'done', finishReason: 'error' }],
    [unexplained, failed, DONE],
  ],
  [
    'of an error that is no ChatError only the fact is told',
    [{ type: 'error', error: new Error('password is hunter2') }],
    [unexplained, failed, DONE],
  ],
  [
    'an abort is an end of its own',
    [{ type: 'done', finishReason: 'aborted' }],
    ['{"done":true,"finishReason":"aborted","rawFinishReason":null}', DONE],
  ],
  [
    'what some readers take for the end of a line is escaped',
    ['a\r\n\0b\u0085\u2028\u2029c', { type: 'done' }],
    ['{"text":"a\\r\\n\\u0000b\\u0085\\u2028\\u2029c"}', stop, DONE],
  ],
]

describe('the frames', () => {
  test.each(rows)('%s', async (_rule, events, payloads) => {
    const wire = await wireOf(events)
    expect(payloadsOf(wire)).toEqual(payloads)
    expect(wire).toBe(payloads.map((payload) => `data: ${payload}\n\n`).join(''))
  })
})

describe('the frame of an error', () => {
  const evidence: ChatErrorDetails = {
    body: 'SECRET',
    raw: { SECRET: 1 },
    frame: 'SECRET',
    pending: 'SECRET',
    cause: new Error('SECRET'),
    contentType: 'SECRET',
  }

  const send = async (error: unknown): Promise<string | undefined> => {
    const wire = await wireOf([{ type: 'error', error }])
    expect(wire).not.toContain('SECRET')
    return payloadsOf(wire)[0]
  }

  test('tells of a refusal its status, the code, and when to come back', async () => {
    const error = new ChatError('http', 'The server answered with status 429: org SECRET.', {
      ...evidence,
      status: 429,
      retryable: true,
      retryAfterMs: 2000,
      requestId: 'r1',
      providerCode: 'rate_limit_exceeded',
    })
    expect(await send(error)).toBe(
      '{"error":"The provider answered with status 429.","code":"rate_limit_exceeded","retryable":true,"retryAfterMs":2000,"requestId":"r1"}',
    )
  })

  test.each(['content-type', 'network', 'malformed', 'truncated'] as const)(
    'tells of a %s error its message and its code, not its evidence',
    async (code) => {
      expect(await send(new ChatError(code, 'It broke.', evidence))).toBe(
        `{"error":"It broke.","code":"${code}","retryable":false}`,
      )
    },
  )

  test('takes an error of another copy of the package for what it is', async () => {
    const error = { name: 'ChatError', code: 'network', message: 'Lost.', retryable: true }
    expect(await send(error)).toBe('{"error":"Lost.","code":"network","retryable":true}')
  })

  test('has a message also where the error has none', async () => {
    expect(await send(new ChatError('provider', ''))).toBe(unexplained)
  })
})
