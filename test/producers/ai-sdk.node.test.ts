import { MockLanguageModelV4 } from 'ai/test'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { chat } from '../../examples/servers/ai-sdk.ts'
import { finish, modelOf, type Part, text, toolCall } from './ai-sdk-models.ts'
import { ask, askCut, type Cut, piecesOf } from './ask.ts'

// streamText prints the model's errors.
beforeEach(() => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
})

/** What the route of the example writes before the model's answer. */
const status = { type: 'data', name: 'status', data: { searching: true } }

const metadata = { type: 'data', name: 'message-metadata', data: { usage: expect.anything() } }

const whole = 'Grüße aus 巴黎 👩‍💻.'

const rich: Part[] = [
  { type: 'stream-start', warnings: [] },
  { type: 'response-metadata', id: 'response-1', modelId: 'mock-1' },
  { type: 'reasoning-start', id: '0' },
  { type: 'reasoning-delta', id: '0', delta: 'Let me ' },
  { type: 'reasoning-delta', id: '0', delta: 'think.' },
  { type: 'reasoning-end', id: '0' },
  {
    type: 'source',
    sourceType: 'url',
    id: 'source-1',
    url: 'https://example.com/paris',
    title: 'Paris',
  },
  {
    type: 'source',
    sourceType: 'document',
    id: 'source-2',
    mediaType: 'application/pdf',
    title: 'Report',
    filename: 'report.pdf',
  },
  { type: 'file', mediaType: 'image/png', data: { type: 'data', data: 'iVBORw0KGgo=' } },
  ...text('Grüße ', 'aus 巴', '黎 👩‍💻', '.'),
  finish('stop', 'end_turn'),
]

describe('a UI message stream of the AI SDK 7', () => {
  it('gives text, reasoning, sources, files and data, each once and in order', async () => {
    const { events, done } = await ask(chat(modelOf(rich)))
    const url = 'data:image/png;base64,iVBORw0KGgo='
    expect(events).toEqual([
      status,
      { type: 'reasoning', text: 'Let me think.' },
      {
        type: 'source',
        id: 'source-1',
        url: 'https://example.com/paris',
        title: 'Paris',
        raw: expect.objectContaining({ type: 'source-url' }),
      },
      {
        type: 'source',
        id: 'source-2',
        title: 'Report',
        raw: expect.objectContaining({ type: 'source-document', mediaType: 'application/pdf' }),
      },
      { type: 'file', mediaType: 'image/png', url },
      { type: 'text', text: whole },
      metadata,
    ])
    expect(done).toMatchObject({ finishReason: 'stop', rawFinishReason: 'stop' })
    expect(done.id).toMatch(/^\w{16}$/)
  })

  it('gives the tokens that the server puts into the metadata', async () => {
    const { done } = await ask(chat(modelOf(rich)))
    expect(done.usage).toEqual({
      inputTokens: 12,
      outputTokens: 7,
      totalTokens: 19,
      cachedInputTokens: 4,
      reasoningTokens: 2,
      raw: expect.objectContaining({ totalTokens: 19 }),
    })
  })

  it('gives a tool that the server runs with its result, and goes on to the next step', async () => {
    const model = modelOf(
      [...toolCall('call-a', 'weather', '{"city":"Paris"}'), finish('tool-calls', 'tool_use')],
      [...text('It is 21 °C.'), finish('stop', 'end_turn')],
    )
    const { events, done } = await ask(chat(model))
    const call = { id: 'call-a', name: 'weather' }
    const inputText = '{"city":"Paris"}'
    expect(events).toEqual([
      status,
      { type: 'tool-call-delta', ...call, delta: inputText },
      { type: 'tool-call', ...call, input: { city: 'Paris' }, inputText, providerExecuted: true },
      {
        type: 'tool-result',
        id: 'call-a',
        output: { city: 'Paris', celsius: 21 },
        isError: false,
      },
      { type: 'text', text: 'It is 21 °C.' },
      metadata,
    ])
    expect(done.finishReason).toBe('stop')
    // Both steps count.
    expect(done.usage).toMatchObject({ inputTokens: 24, outputTokens: 14, totalTokens: 38 })
  })

  it('ends with tool-calls where the page must run the tool', async () => {
    const model = modelOf([
      ...text('May I ask?'),
      ...toolCall('call-b', 'askUser', '{"question":"Which Paris?"}'),
      finish('tool-calls', 'tool_use'),
    ])
    const { done } = await ask(chat(model))
    expect(done).toMatchObject({ finishReason: 'tool-calls', text: 'May I ask?' })
    expect(done.toolCalls).toEqual([
      {
        id: 'call-b',
        name: 'askUser',
        input: { question: 'Which Paris?' },
        inputText: '{"question":"Which Paris?"}',
      },
    ])
    expect(done.toolResults).toEqual([])
  })

  it('tells a call whose input the server refuses by its result', async () => {
    const model = modelOf(
      [...toolCall('call-c', 'weather', '{"city":3}'), finish('tool-calls', 'tool_use')],
      [...text('Sorry'), finish('length', 'max_tokens')],
    )
    const { done } = await ask(chat(model))
    expect(done.toolCalls).toMatchObject([{ id: 'call-c', name: 'weather', input: { city: 3 } }])
    expect(done.toolResults).toEqual([
      { id: 'call-c', output: expect.stringContaining('Invalid input'), isError: true },
    ])
    expect(done).toMatchObject({ finishReason: 'length', text: 'Sorry' })
  })

  it.each([
    ['length', 'max_tokens', 'length'],
    ['content-filter', 'refusal', 'content-filter'],
    ['other', 'compaction', 'unknown'],
    ['interrupted', '', 'unknown'],
  ] as const)('that finishes with %s is read so', async (unified, raw, finishReason) => {
    const { done } = await ask(chat(modelOf([...text('Hi'), finish(unified, raw)])))
    expect(done).toMatchObject({ finishReason, rawFinishReason: unified, text: 'Hi' })
  })

  it('ends with the error that came in the middle, after all the text around it', async () => {
    const model = modelOf([
      ...text('Half').slice(0, 2),
      { type: 'error', error: new Error('Overloaded') },
      { type: 'text-delta', id: '1', delta: ' an answer' },
      finish('stop', 'end_turn'),
    ])
    const { events, done } = await ask(chat(model))
    expect(events).toMatchObject([
      status,
      { type: 'text', text: 'Half an answer' },
      metadata,
      { type: 'error' },
    ])
    expect(done).toMatchObject({ finishReason: 'error', text: 'Half an answer' })
    expect(done.error).toMatchObject({
      code: 'provider',
      message: expect.stringContaining('An error'),
    })
  })

  it('tells a model that cannot be reached, and one that fails while it streams', async () => {
    const unreachable = new MockLanguageModelV4({
      doStream: () => Promise.reject(new Error('Invalid key')),
    })
    const { done } = await ask(chat(unreachable))
    expect(done).toMatchObject({ finishReason: 'error', text: '' })
    expect(done.error).toMatchObject({
      code: 'provider',
      message: expect.stringMatching(/: An error occurred\.$/),
    })

    const failing = new MockLanguageModelV4({
      doStream: async () => ({
        stream: new ReadableStream<Part>({
          start(controller) {
            for (const part of text('Half').slice(0, 2)) controller.enqueue(part)
          },
          pull: (controller) => controller.error(new TypeError('terminated')),
        }),
      }),
    })
    const half = await ask(chat(failing))
    expect(half.done).toMatchObject({ finishReason: 'error', text: 'Half' })
    expect(half.done.error).toMatchObject({
      code: 'provider',
      message: expect.stringContaining('An error'),
    })
  })

  it('never says stop where the model was cut off from the server', async () => {
    const { done } = await ask(chat(modelOf(text('Half').slice(0, 2))))
    expect(done).toMatchObject({ finishReason: 'unknown', text: 'Half' })
  })

  it.each(['end', 'destroy'] satisfies Cut[])(
    'that a server cuts off (%s) anywhere before its finish is an error, never a stop',
    async (cut) => {
      const route = () => chat(modelOf(rich))
      const pieces = await piecesOf((request) => route()(request))
      const finish = pieces.findIndex((piece) => piece.includes('"type":"finish"'))
      expect(finish).toBeGreaterThan(15)
      let before = ''
      for (let count = 0; count <= finish; count++) {
        const done = await askCut(route(), cut, count)
        expect(done, `after ${count} pieces`).toMatchObject({
          finishReason: 'error',
          error: { code: cut === 'end' ? 'truncated' : 'network' },
        })
        if (cut === 'destroy') expect(whole.startsWith(done.text)).toBe(true)
        else expect(done.text.startsWith(before)).toBe(true)
        before = done.text
      }
      if (cut === 'end') expect(before).toBe(whole)
    },
  )
})
