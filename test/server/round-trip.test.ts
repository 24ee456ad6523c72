import {
  ChatError,
  type ChatErrorCode,
  type ChatErrorDetails,
  type ChatEvent,
  type ContentEvent,
  type FinishReason,
  readChat,
  streamChat,
} from 'chatwire'
import { plain } from 'chatwire/formats'
import { chatResponse } from 'chatwire/server'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { aguiFixtures } from '../fixtures/agui.ts'
import { aiSdkFixtures } from '../fixtures/ai-sdk.ts'
import { aiSdkDataFixtures } from '../fixtures/ai-sdk-data.ts'
import { anthropicFixtures } from '../fixtures/anthropic.ts'
import { cohereFixtures } from '../fixtures/cohere.ts'
import { geminiFixtures } from '../fixtures/gemini.ts'
import { geminiInteractionsFixtures } from '../fixtures/gemini-interactions.ts'
import { langgraphFixtures } from '../fixtures/langgraph.ts'
import { ollamaFixtures } from '../fixtures/ollama.ts'
import { openaiChatFixtures } from '../fixtures/openai-chat.ts'
import { openaiResponsesFixtures } from '../fixtures/openai-responses.ts'
import { plainFixtures } from '../fixtures/plain.ts'
import { rawTextFixtures } from '../fixtures/raw-text.ts'
import { cutByFractions, fractions } from '../helpers/cut.ts'
import { utf8 } from '../helpers/encode.ts'
import { formatOf } from '../helpers/fixture.ts'
import { checkPromises, merged, run } from '../helpers/run.ts'
import { responseOf } from '../helpers/stream.ts'
import { afterSending, answerOf, payloadsOf, received, wireOf } from './wire.ts'

/** Strings that would end a line, a frame, a JSON string or an answer, were they not escaped. */
const string = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom(
    ...[
      '\r',
      '\n',
      '\r\n\r\n',
      '\0',
      '\u2028',
      '\u2029',
      '\u0085',
      '\v\f',
      '\ufeff',
      '\ud83d',
      '"',
    ],
    ...['data: x\n\n', '\n\ndata: {"done":true}\n\n', '[DONE]', '{"done":true}', ': x', 'ping'],
    ...['message_start', 'response.created', 'RUN_STARTED', 'text-delta', 'error', '__proto__'],
  ),
)
const filled = string.filter((text) => text !== '')

const dangerous = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'
const json = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  string,
  fc
    .constantFrom(
      ...['null', dangerous, `[${dangerous}]`, '{"error":{"message":"x"}}', '{"choices":[]}'],
      ...['{"type":"message_start"}', '{"done":true}', '{"candidates":[]}'],
    )
    .map((text): unknown => JSON.parse(text)),
)

const optional = { requiredKeys: [] } satisfies { requiredKeys: [] }

/** Content as every format may hand it on. */
const content = fc
  .tuple(
    fc.oneof(
      fc.record({ type: fc.constantFrom('text', 'reasoning', 'refusal'), text: filled }),
      fc.record({
        type: fc.constant('tool-call-delta'),
        id: string,
        name: string,
        delta: string,
      }),
      fc.record(
        {
          type: fc.constant('tool-call'),
          id: string,
          name: string,
          input: fc.oneof(json, fc.constant(undefined)),
          inputText: string,
          providerExecuted: fc.constant(true),
        },
        { requiredKeys: ['type', 'id', 'name', 'input', 'inputText'] },
      ),
      fc.record({
        type: fc.constant('tool-result'),
        id: string,
        output: json,
        isError: fc.boolean(),
      }),
      fc.record(
        { type: fc.constant('source'), id: string, url: string, title: string, raw: json },
        { requiredKeys: ['type', 'raw'] },
      ),
      fc.record({ type: fc.constant('file'), mediaType: string, url: string }),
      fc.record(
        {
          type: fc.constant('data'),
          name: string,
          data: json,
          id: string,
          transient: fc.constant(true),
        },
        { requiredKeys: ['type', 'name', 'data'] },
      ),
    ),
    fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined, freq: 6 }),
  )
  .map(([event, choice]) => (choice ? { ...event, choice } : event) as ContentEvent)

const count = fc.nat({ max: 1_000_000 })
const facts = fc.record(
  {
    id: string,
    model: string,
    rawFinishReason: string,
    usage: fc
      .tuple(
        fc.record(
          {
            inputTokens: count,
            outputTokens: count,
            totalTokens: count,
            cachedInputTokens: count,
            reasoningTokens: count,
          },
          optional,
        ),
        json,
      )
      .map(([counts, raw]) => ({ ...counts, raw })),
  },
  optional,
)

const codes: ChatErrorCode[] = [
  ...(['http', 'content-type', 'network', 'timeout', 'truncated', 'malformed'] as const),
  ...(['provider', 'too-large', 'callback'] as const),
]
const secret = 'sk-secret'
const error = fc
  .tuple(
    fc.constantFrom(...codes),
    filled,
    fc.record(
      {
        retryable: fc.boolean(),
        providerCode: filled,
        requestId: filled,
        retryAfterMs: count,
        status: fc.constantFrom(400, 401, 429, 503),
        body: fc.constant(secret),
        raw: fc.constant({ secret }),
        frame: fc.constant(secret),
        pending: fc.constant(secret),
        cause: fc.constant(new Error(secret)),
      },
      optional,
    ),
  )
  .map(([code, message, details]) => new ChatError(code, message, details as ChatErrorDetails))

const reasons: FinishReason[] = [
  ...(['stop', 'length', 'tool-calls', 'content-filter', 'aborted', 'unknown'] as const),
]
const answer: fc.Arbitrary<ChatEvent[]> = fc
  .tuple(
    fc.array(content, { maxLength: 8 }),
    facts,
    fc.constantFrom(...reasons),
    fc.option(error, { nil: undefined, freq: 3 }),
  )
  .map(([events, facts, finishReason, error]) =>
    answerOf(
      events,
      error === undefined ? { ...facts, finishReason } : { ...facts, finishReason: 'error', error },
    ),
  )

describe('what was written', () => {
  for (const [name, options, numRuns] of [
    ['sniffed', {}, 800],
    ['named', { format: plain }, 400],
  ] as const) {
    test(`is read as the same events, wherever the bytes are cut (${name})`, async () => {
      await fc.assert(
        fc.asyncProperty(answer, fractions, async (events, cuts) => {
          const wire = await wireOf(events)
          const chunks = cutByFractions(utf8(wire), cuts)
          const read = await run(readChat(responseOf(chunks, 'text/event-stream'), options))
          checkPromises(read)
          const { events: actual, raw } = received(read)
          expect(merged(actual, wire)).toEqual(merged(afterSending(events), wire))
          if (raw !== undefined) expect(JSON.stringify(raw)).not.toContain(secret)
          expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
        }),
        { numRuns },
      )
    })
  }

  test('and read, may be written again without a change', async () => {
    await fc.assert(
      fc.asyncProperty(answer, async (events) => {
        const once = await wireOf(events)
        const relayed = chatResponse(readChat(responseOf([utf8(once)], 'text/event-stream')))
        // Neighbouring texts may be joined on the way.
        const read = async (wire: string) =>
          merged(await run(readChat(responseOf([utf8(wire)], 'text/event-stream'))), wire)
        expect(await read(await relayed.text())).toEqual(await read(once))
      }),
      { numRuns: 200 },
    )
  })

  test('is one line of JSON for each event, whatever the event holds', async () => {
    await fc.assert(
      fc.asyncProperty(answer, async (events) => {
        const wire = await wireOf(events)
        const payloads = payloadsOf(wire)
        expect(payloads.length).toBe(events.length + 1)
        expect(payloads.pop()).toBe('[DONE]')
        for (const payload of payloads) expect(JSON.parse(payload)).toBeTypeOf('object')
        expect(wire).toBe([...payloads, '[DONE]'].map((text) => `data: ${text}\n\n`).join(''))
        // What other languages take for the end of a line.
        expect(wire).not.toMatch(/[\r\0\v\f\u001c-\u001e\u0085\u2028\u2029]/)
        expect(wire).not.toContain(secret)
      }),
      { numRuns: 800 },
    )
  })
})

const tables = {
  plain: plainFixtures,
  rawText: rawTextFixtures,
  openaiChat: openaiChatFixtures,
  openaiResponses: openaiResponsesFixtures,
  anthropic: anthropicFixtures,
  gemini: geminiFixtures,
  geminiInteractions: geminiInteractionsFixtures,
  aiSdk: aiSdkFixtures,
  aiSdkData: aiSdkDataFixtures,
  agui: aguiFixtures,
  cohere: cohereFixtures,
  ollama: ollamaFixtures,
  langgraph: langgraphFixtures,
}

describe('an answer that is streamed on', () => {
  test.each(Object.entries(tables))('is the same answer behind it: %s', async (_name, table) => {
    expect(table.length).toBeGreaterThan(0)
    for (const { name, body, contentType, format } of table) {
      const answer = () =>
        streamChat({
          url: 'https://chat.test/answer',
          fetch: async () => responseOf([utf8(body)], contentType),
          format: formatOf(format),
        })
      const events = await run(answer())
      const expected = merged(afterSending(events), body)
      for (const options of [{}, { format: plain }]) {
        const read = await run(readChat(chatResponse(answer()), options))
        checkPromises(read)
        expect(merged(received(read).events, body), name).toEqual(expected)
      }
    }
  })
})
