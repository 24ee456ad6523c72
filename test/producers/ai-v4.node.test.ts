import {
  createDataStreamResponse,
  type LanguageModel,
  simulateReadableStream,
  streamText,
  tool,
} from 'ai-v4'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { ask, askCut, type Cut, piecesOf, type Route } from './ask.ts'

// streamText prints the model's errors.
beforeEach(() => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
})

type DoStream = LanguageModel['doStream']
type Part = Awaited<ReturnType<DoStream>>['stream'] extends ReadableStream<infer P> ? P : never

const usage = { promptTokens: 12, completionTokens: 7 }

const tools = {
  weather: tool({
    parameters: z.object({ city: z.string() }),
    execute: async ({ city }) => ({ city, celsius: 21 }),
  }),
  // Without `execute` it is the page's to run.
  askUser: { parameters: z.object({ question: z.string() }) },
}

function modelWith(doStream: DoStream): LanguageModel {
  return {
    specificationVersion: 'v1',
    provider: 'test',
    modelId: 'test-1',
    defaultObjectGenerationMode: undefined,
    doGenerate: () => Promise.reject(new Error('This model only streams.')),
    doStream,
  }
}

/** A model that streams these parts, one list each time it is asked. */
function modelOf(...steps: Part[][]): LanguageModel {
  let step = 0
  return modelWith(async () => ({
    rawCall: { rawPrompt: null, rawSettings: {} },
    stream: simulateReadableStream({ chunks: steps[step++] ?? [] }),
  }))
}

function streamOf(model: LanguageModel, maxSteps = 5) {
  return streamText({ model, prompt: 'Hi', tools, maxSteps, toolCallStreaming: true })
}

const getErrorMessage = (error: unknown) => `${error}`

/** The route of an app that sends all that it has. */
function dataRoute(...steps: Part[][]): Route {
  return () =>
    streamOf(modelOf(...steps)).toDataStreamResponse({
      sendReasoning: true,
      sendSources: true,
      getErrorMessage,
    })
}

const text = (...deltas: string[]): Part[] =>
  deltas.map((textDelta) => ({ type: 'text-delta', textDelta }))

const finish = (finishReason: Extract<Part, { type: 'finish' }>['finishReason']): Part => ({
  type: 'finish',
  finishReason,
  usage,
})

const toolCallType = 'function'
const whole = 'Grüße aus 巴黎 👩‍💻.\n'
const source = { sourceType: 'url', id: 's1', url: 'https://example.com/paris', title: 'Paris' }

const rich: Part[] = [
  { type: 'reasoning', textDelta: 'Let me ' },
  { type: 'reasoning', textDelta: 'think.' },
  { type: 'reasoning-signature', signature: 'proof' },
  { type: 'source', source: { ...source, sourceType: 'url' } },
  { type: 'file', mimeType: 'image/png', data: 'iVBORw0KGgo=' },
  ...text('Grüße ', 'aus 巴', '黎 👩‍💻', '.\n'),
  finish('stop'),
]

const toolSteps: [Part[], Part[]] = [
  [
    ...['{"cit', 'y":"Paris"}'].map((argsTextDelta) => ({
      type: 'tool-call-delta' as const,
      toolCallType: 'function' as const,
      toolCallId: 'call-a',
      toolName: 'weather',
      argsTextDelta,
    })),
    {
      type: 'tool-call',
      toolCallType,
      toolCallId: 'call-a',
      toolName: 'weather',
      args: '{"city":"Paris"}',
    },
    finish('tool-calls'),
  ],
  [...text('It is 21 °C.'), finish('stop')],
]

describe('a data stream of the AI SDK 4', () => {
  it('gives text, reasoning, sources and files, each once and in order', async () => {
    const { events, done } = await ask(dataRoute(rich))
    expect(events).toEqual([
      { type: 'reasoning', text: 'Let me think.' },
      { type: 'data', name: 'reasoning_signature', data: { signature: 'proof' } },
      {
        type: 'source',
        id: 's1',
        url: 'https://example.com/paris',
        title: 'Paris',
        raw: source,
      },
      { type: 'file', mediaType: 'image/png', url: 'data:image/png;base64,iVBORw0KGgo=' },
      { type: 'text', text: whole },
    ])
    expect(done).toMatchObject({ finishReason: 'stop', rawFinishReason: 'stop' })
    expect(done.usage).toEqual({ inputTokens: 12, outputTokens: 7, totalTokens: 19, raw: usage })
    expect(done.id).toMatch(/^msg-/)
  })

  it('gives a tool that the server runs with its result, and goes on to the next step', async () => {
    const { events, done } = await ask(dataRoute(...toolSteps))
    const call = { id: 'call-a', name: 'weather' }
    const inputText = '{"city":"Paris"}'
    expect(events).toEqual([
      { type: 'tool-call-delta', ...call, delta: inputText },
      { type: 'tool-call', ...call, input: { city: 'Paris' }, inputText, providerExecuted: true },
      {
        type: 'tool-result',
        id: 'call-a',
        output: { city: 'Paris', celsius: 21 },
        isError: false,
      },
      { type: 'text', text: 'It is 21 °C.' },
    ])
    // The tokens of both steps.
    expect(done).toMatchObject({
      finishReason: 'stop',
      usage: { inputTokens: 24, outputTokens: 14 },
    })
  })

  it('leaves nothing to run where the server ran the tool in its only step', async () => {
    const { done } = await ask(() => streamOf(modelOf(toolSteps[0]), 1).toDataStreamResponse())
    expect(done).toMatchObject({
      finishReason: 'stop',
      rawFinishReason: 'tool-calls',
      toolResults: [{ id: 'call-a' }],
    })
  })

  it('ends with tool-calls where the page must run the tool', async () => {
    const args = '{"question":"Which Paris?"}'
    const call = { toolCallType, toolCallId: 'call-b', toolName: 'askUser', args } as const
    const { done } = await ask(dataRoute([{ type: 'tool-call', ...call }, finish('tool-calls')]))
    expect(done.finishReason).toBe('tool-calls')
    expect(done.toolCalls).toEqual([
      { id: 'call-b', name: 'askUser', input: { question: 'Which Paris?' }, inputText: args },
    ])
    expect(done.toolResults).toEqual([])
  })

  it('gives the data and the annotations that the server adds', async () => {
    const route = () =>
      createDataStreamResponse({
        execute(writer) {
          writer.writeData({ searching: true })
          writer.writeMessageAnnotation({ rank: 1 })
          streamOf(modelOf([...text('Hi'), finish('length')])).mergeIntoDataStream(writer)
        },
      })
    const { events, done } = await ask(route)
    expect(events).toEqual([
      { type: 'data', name: 'data', data: [{ searching: true }] },
      { type: 'data', name: 'message_annotations', data: [{ rank: 1 }] },
      { type: 'text', text: 'Hi' },
    ])
    expect(done.finishReason).toBe('length')
  })

  it.each([
    ['length', 'length'],
    ['content-filter', 'content-filter'],
    ['other', 'unknown'],
  ] as const)('that finishes with %s is read so', async (word, finishReason) => {
    const { done } = await ask(dataRoute([...text('Hi'), finish(word)]))
    expect(done).toMatchObject({ finishReason, rawFinishReason: word, text: 'Hi' })
  })

  it('ends with the error that came in the middle', async () => {
    const { done } = await ask(
      dataRoute([
        ...text('Half'),
        { type: 'error', error: new Error('Overloaded') },
        ...text(' an answer'),
        finish('stop'),
      ]),
    )
    expect(done).toMatchObject({ finishReason: 'error', text: 'Half', error: { code: 'provider' } })
    expect(done.error?.message).toContain('Overloaded')
  })

  it('tells a model that cannot be reached', async () => {
    const model = modelWith(() => Promise.reject(new Error('Invalid key')))
    const route = () => streamOf(model).toDataStreamResponse({ getErrorMessage })
    const { done } = await ask(route)
    expect(done).toMatchObject({ finishReason: 'error', text: '', error: { code: 'provider' } })
    expect(done.error?.message).toContain('Invalid key')
  })

  it('never says stop where the model was cut off from the server', async () => {
    const { done } = await ask(dataRoute(text('Half')))
    expect(done).toMatchObject({ finishReason: 'unknown', text: 'Half' })
  })

  it.each(['end', 'destroy'] satisfies Cut[])(
    'that a server cuts off (%s) before its last step ends is never a stop',
    async (cut) => {
      for (const route of [dataRoute(rich), dataRoute(...toolSteps)]) {
        const pieces = await piecesOf(route)
        const end = pieces.findLastIndex((piece) => piece.startsWith('e:'))
        expect(end).toBeGreaterThan(6)
        for (let count = 0; count <= end; count++) {
          const done = await askCut(route, cut, count)
          const code = cut === 'end' ? 'truncated' : 'network'
          // Some servers stop at a step's end, so that it is no proof of a cut.
          const isStepEnd = cut === 'end' && pieces[count - 1]?.startsWith('e:')
          expect(done, `after ${count} pieces`).toMatchObject(
            isStepEnd ? { finishReason: 'unknown' } : { finishReason: 'error', error: { code } },
          )
        }
      }
    },
  )
})

describe('a text stream of the AI SDK 4', () => {
  const route = () => streamOf(modelOf(rich)).toTextStreamResponse()

  it('gives its text, and says no more about its end than the server did', async () => {
    const { events, done } = await ask(route)
    expect(events).toEqual([{ type: 'text', text: whole }])
    expect(done).toMatchObject({ finishReason: 'unknown', text: whole })
  })

  it('that is cut off is never a stop', async () => {
    expect((await askCut(route, 'end', 2)).finishReason).toBe('unknown')
    const done = await askCut(route, 'destroy', 2)
    expect(done).toMatchObject({ finishReason: 'error', error: { code: 'network' } })
  })
})
