import { isStepCount, streamText, type ToolSet, tool } from 'ai'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { finish, modelOf, type Part, text, toolCall } from './ai-sdk-models.ts'
import { type Answer, ask } from './ask.ts'

const inputSchema = z.object({ city: z.string() })

const tools: ToolSet = {
  failing: tool({
    inputSchema,
    async execute(): Promise<string> {
      throw new Error('No such city')
    },
  }),
  slow: tool({
    inputSchema,
    async *execute() {
      yield 'half'
      yield 'whole'
    },
  }),
  guarded: tool({ inputSchema, needsApproval: true, execute: () => 'secret' }),
  search: { inputSchema },
}

/** The page must not run what the server has run. */
const providerExecuted = true
const inputText = '{"city":"Paris"}'
const input = { city: 'Paris' }
const answer = [...text('Done.'), finish('stop', 'end_turn')]

/** Asks a route that has the model run in at most two steps, and writes as AI SDK 5 and 6 do. */
function askTools(...steps: Part[][]): Promise<Answer> {
  return askInSteps(2, ...steps)
}

function askInSteps(count: number, ...steps: Part[][]): Promise<Answer> {
  const options = { prompt: 'Hi', tools, stopWhen: isStepCount(count) }
  return ask(() => streamText({ model: modelOf(...steps), ...options }).toUIMessageStreamResponse())
}

const calling = (name: string) => [
  ...toolCall('call-a', name, inputText),
  finish('tool-calls', 'tool_use'),
]

describe('a tool of the AI SDK 7', () => {
  it('that fails on the server has an error as its result, and the answer goes on', async () => {
    const { events, done } = await askTools(calling('failing'), answer)
    expect(events).toEqual([
      { type: 'tool-call-delta', id: 'call-a', name: 'failing', delta: inputText },
      { type: 'tool-call', id: 'call-a', name: 'failing', input, inputText, providerExecuted },
      { type: 'tool-result', id: 'call-a', output: 'Error: No such city', isError: true },
      { type: 'text', text: 'Done.' },
    ])
    expect(done.finishReason).toBe('stop')
  })

  it('that shows how far it is has one result, and its progress is data', async () => {
    const { events, done } = await askTools(calling('slow'), answer)
    const progress = (output: string) => ({
      type: 'data',
      name: 'tool-output-available',
      data: { type: 'tool-output-available', toolCallId: 'call-a', output, preliminary: true },
    })
    expect(events).toEqual([
      { type: 'tool-call-delta', id: 'call-a', name: 'slow', delta: inputText },
      { type: 'tool-call', id: 'call-a', name: 'slow', input, inputText, providerExecuted },
      progress('half'),
      progress('whole'),
      { type: 'tool-result', id: 'call-a', output: 'whole', isError: false },
      { type: 'text', text: 'Done.' },
    ])
    expect(done.finishReason).toBe('stop')
  })

  it('that the server ran in the last of its steps leaves nothing to run', async () => {
    const { events, done } = await askInSteps(1, calling('slow'))
    const types = ['tool-call-delta', 'tool-call', 'data', 'data', 'tool-result']
    expect(events).toMatchObject(types.map((type) => ({ type })))
    expect(done).toMatchObject({ finishReason: 'stop', rawFinishReason: 'tool-calls' })
  })

  it('that needs approval waits for the page, which is told what to approve', async () => {
    const { events, done } = await askTools(calling('guarded'))
    expect(events).toEqual([
      { type: 'tool-call-delta', id: 'call-a', name: 'guarded', delta: inputText },
      { type: 'tool-call', id: 'call-a', name: 'guarded', input, inputText },
      {
        type: 'data',
        name: 'tool-approval-request',
        data: {
          type: 'tool-approval-request',
          approvalId: expect.any(String),
          toolCallId: 'call-a',
        },
      },
    ])
    expect(done).toMatchObject({ finishReason: 'tool-calls', toolCalls: [{ id: 'call-a', input }] })
    expect(done.toolResults).toEqual([])
  })

  it('that the provider runs is marked as such', async () => {
    const call = { toolCallId: 'call-a', toolName: 'search' }
    const { events, done } = await askTools([
      { type: 'tool-call', ...call, input: inputText, providerExecuted: true },
      { type: 'tool-result', ...call, result: { hits: 1 } },
      ...answer,
    ])
    expect(events).toEqual([
      { type: 'tool-call-delta', id: 'call-a', name: 'search', delta: inputText },
      {
        type: 'tool-call',
        id: 'call-a',
        name: 'search',
        input,
        inputText,
        providerExecuted,
      },
      { type: 'tool-result', id: 'call-a', output: { hits: 1 }, isError: false },
      { type: 'text', text: 'Done.' },
    ])
    expect(done.finishReason).toBe('stop')
  })
})
