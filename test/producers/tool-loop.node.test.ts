import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import { partOfText, text, toolCalls } from '../helpers/mock-provider/answer.ts'
import { apiKey, type MockProvider, mockProvider } from '../helpers/mock-provider/mock-provider.ts'
import { checkToolCalls, doneOf } from '../helpers/run.ts'
import { read, serveFetch, toldIn } from './producer.ts'

type Server = (openai: OpenAI, request: Request) => Promise<Response>

const model = 'gpt-6-luna'

/** The SDK runs the tools, and writes what they gave between the chunks of the turns. */
const runner: Server = async (openai, request) => {
  const { messages } = await request.json()
  const tools = toolCalls.map(({ name }) => ({
    type: 'function' as const,
    function: {
      name,
      description: name,
      parameters: { type: 'object' },
      parse: JSON.parse,
      function: () => `${name} ran`,
    },
  }))
  const stream = openai.chat.completions.runTools(
    { model, messages, stream: true, tools },
    { signal: request.signal },
  )
  return new Response(stream.toReadableStream())
}

/** A loop as people write it: the chunks of every turn, and one end marker. */
const loop: Server = async (openai, request) => {
  const { messages } = await request.json()
  const body = new ReadableStream({
    async start(controller) {
      const send = (data: string) => controller.enqueue(Buffer.from(`data: ${data}\n\n`))
      let reason: string | null
      do {
        reason = null
        const chunks = await openai.chat.completions.create({ model, messages, stream: true })
        for await (const chunk of chunks) {
          send(JSON.stringify(chunk))
          reason ??= chunk.choices[0]?.finish_reason ?? null
        }
        messages.push({ role: 'tool', content: 'ran' })
      } while (reason === 'tool_calls')
      if (reason !== null) send('[DONE]')
      controller.close()
    },
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
}

const serve = (server: Server, { openaiUrl: baseURL }: MockProvider) =>
  serveFetch((request) => server(new OpenAI({ baseURL, apiKey }), request))

describe.each([
  ['the tool runner of the SDK', runner],
  ['a loop of one’s own', loop],
])('the turns of %s in one stream', (_name, server) => {
  test('are one answer, which ends as the last of them ends', async () => {
    const provider = await mockProvider(['tools', 'text'])
    const events = await read(await serve(server, provider))
    expect(provider.asked).toHaveLength(2)
    expect(doneOf(events).text).toBe(text + text)
    // Nobody is to run them again: the model went on with what they gave.
    const ran = toolCalls.map((call) => ({ ...call, providerExecuted: true }))
    expect(toldIn(events)).toEqual({ finishReason: 'stop', toolCalls: ran })
    checkToolCalls(events)
  })

  test.each(['cut', 'drop', 'error'] as const)(
    'are an error if the last of them is broken by %s, whatever the others said',
    async (fault) => {
      const provider = await mockProvider(['tools', 'text'], fault)
      const {
        finishReason,
        text: arrived,
        error,
      } = doneOf(await read(await serve(server, provider)))
      expect(provider.asked).toHaveLength(2)
      expect(arrived).toBe(text + partOfText)
      expect(finishReason).toBe('error')
      expect(error?.code).toMatch(/^(?:network|truncated)$/)
    },
  )
})

test('what the tools of the runner gave is handed on', async () => {
  const provider = await mockProvider(['tools', 'text'])
  const { toolResults } = doneOf(await read(await serve(runner, provider)))
  expect(toolResults).toEqual(
    toolCalls.map(({ id, name }) => ({ id, output: `${name} ran`, isError: false })),
  )
})
