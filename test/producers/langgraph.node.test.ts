import { FakeListChatModel } from '@langchain/core/utils/testing'
import { MessagesAnnotation, START, StateGraph } from '@langchain/langgraph'
import { describe, expect, it } from 'vitest'
import { chat } from '../../examples/servers/langgraph.ts'
import { ask, askCut, piecesOf } from './ask.ts'
import { type Chunk, messageOf, ScriptedModel } from './langgraph-model.ts'

const usage_metadata = {
  input_tokens: 12,
  output_tokens: 7,
  total_tokens: 19,
  input_token_details: { cache_read: 4 },
  output_token_details: { reasoning: 2 },
}

function finish(id: string, finish_reason: string): Chunk {
  const response_metadata = { finish_reason, model_name: 'big-1' }
  return { id, content: '', usage_metadata, response_metadata }
}

const inputText = '{"city":"Paris"}'

function callChunks(id: string, callId: string, name: string): Chunk[] {
  return [
    { id, content: '', tool_call_chunks: [{ index: 0, id: callId, name, args: '' }] },
    { id, content: '', tool_call_chunks: [{ index: 0, args: inputText.slice(0, 6) }] },
    { id, content: '', tool_call_chunks: [{ index: 0, args: inputText.slice(6) }] },
    finish(id, 'tool_calls'),
  ]
}

const whole = 'Grüße aus 巴黎 👩‍💻.\n'
const answer: Chunk[] = [
  { id: 'message-2', content: [{ type: 'reasoning', reasoning: 'Let me ' }] },
  { id: 'message-2', content: [{ type: 'reasoning', reasoning: 'think.' }] },
  { id: 'message-2', content: 'Grüße ' },
  { id: 'message-2', content: 'aus 巴' },
  { id: 'message-2', content: '黎 👩‍💻.\n' },
  finish('message-2', 'stop'),
]

const update = { type: 'data', name: 'updates', data: expect.anything() }
const call = { id: 'call-a', name: 'weather' }

/** The model calls a tool, the graph runs it, and the model answers. */
const agentModel = () => new ScriptedModel(callChunks('message-1', 'call-a', 'weather'), answer)

describe('a graph that LangGraph encodes as an event stream', () => {
  it('gives the tool it runs, reasoning and text, each once and in order', async () => {
    const { events, done } = await ask(chat(agentModel()))
    expect(events).toEqual([
      { type: 'tool-call-delta', ...call, delta: inputText },
      update,
      {
        type: 'tool-call',
        ...call,
        input: { city: 'Paris' },
        inputText,
        providerExecuted: true,
      },
      { type: 'tool-result', id: 'call-a', output: '21 °C in Paris', isError: false },
      update,
      { type: 'reasoning', text: 'Let me think.' },
      { type: 'text', text: whole },
      update,
    ])
    // A graph may go on after that, and LangGraph marks no end.
    expect(done).toMatchObject({ finishReason: 'unknown', rawFinishReason: 'stop', model: 'big-1' })
    expect(done.usage).toEqual({
      inputTokens: 12,
      outputTokens: 7,
      totalTokens: 19,
      cachedInputTokens: 4,
      reasoningTokens: 2,
      raw: usage_metadata,
    })
  })

  it('marks the result of a tool that fails', async () => {
    const model = new ScriptedModel(callChunks('message-1', 'call-a', 'unknown-tool'), answer)
    const { done } = await ask(chat(model))
    expect(done.toolResults).toEqual([
      { id: 'call-a', output: expect.stringContaining('not found'), isError: true },
    ])
    expect(done).toMatchObject({ finishReason: 'unknown', rawFinishReason: 'stop', text: whole })
  })

  it('has an unknown end where the model does not say why it finished', async () => {
    const { done } = await ask(chat(new ScriptedModel(answer.slice(0, -1))))
    expect(done).toMatchObject({ finishReason: 'unknown', text: whole })
    expect(done.rawFinishReason).toBeUndefined()
  })

  it('ends with length where the model reached its limit', async () => {
    const { done } = await ask(
      chat(new ScriptedModel([...answer.slice(0, -1), finish('message-2', 'length')])),
    )
    expect(done).toMatchObject({ finishReason: 'length', text: whole })
  })

  it('ends with the error of a model that fails after its first answer', async () => {
    const model = new ScriptedModel(callChunks('message-1', 'call-a', 'weather'))
    const { events, done } = await ask(chat(model))
    expect(events.at(-1)).toMatchObject({ type: 'error' })
    expect(done.toolResults).toHaveLength(1)
    expect(done).toMatchObject({ finishReason: 'error', error: { code: 'provider' } })
    expect(done.error?.message).toContain('overloaded')
  })

  it('that is cut off is never a stop', async () => {
    const route = (request: Request) => chat(agentModel())(request)
    const pieces = await piecesOf(route)
    const called = pieces.findIndex((piece) => piece.includes('"finish_reason":"tool_calls"'))
    const answered = pieces.findIndex((piece) => piece.includes('"type":"tool"'))
    const end = pieces.findIndex((piece) => piece.includes('"finish_reason":"stop"'))
    expect([called, answered, end]).toEqual([3, 5, 12])

    const reasons: string[] = []
    for (let count = 0; count <= end; count++) {
      reasons.push((await askCut(route, 'end', count)).finishReason)
      const { finishReason, error } = await askCut(route, 'destroy', count)
      if (finishReason === 'error') expect(error).toMatchObject({ code: 'network' })
      else expect(finishReason).toBe('tool-calls')
    }
    expect(reasons).toEqual([
      'error',
      'unknown',
      'unknown',
      'unknown',
      // The model has called the tool, and that the graph was to run it was not to be seen yet.
      'tool-calls',
      'tool-calls',
      // LangGraph marks no end, so that a body that just ends may be whole.
      ...Array(7).fill('unknown'),
    ])
  })
})

it('a message that a route serialises by hand is read, too', async () => {
  const route = () => {
    const frames = answer.map((fields) => {
      // What JSON.stringify makes of a message of LangChain: its constructor and arguments.
      const frame = ['messages', [messageOf(fields), { langgraph_node: 'agent' }]]
      return `data: ${JSON.stringify(frame)}\n\n`
    })
    return new Response(frames.join(''), { headers: { 'content-type': 'text/event-stream' } })
  }
  const { events, done } = await ask(route)
  expect(events).toEqual([
    { type: 'reasoning', text: 'Let me think.' },
    { type: 'text', text: whole },
  ])
  expect(done).toMatchObject({
    rawFinishReason: 'stop',
    model: 'big-1',
    usage: { inputTokens: 12 },
  })
})

describe('a graph that a route streams by hand', () => {
  const input = {
    messages: [
      { role: 'user', content: 'Hello!', id: 'user-1' },
      { role: 'assistant', content: 'An old answer. ', id: 'old-1' },
      { role: 'user', content: 'What now?', id: 'user-2' },
    ],
  }

  function graphOf(model: FakeListChatModel) {
    return new StateGraph(MessagesAnnotation)
      .addNode('agent', async ({ messages }) => ({ messages: [await model.invoke(messages)] }))
      .addEdge(START, 'agent')
      .compile()
  }

  const model = () =>
    new FakeListChatModel({ responses: [whole], generationInfo: { finish_reason: 'stop' } })

  async function eventStream(events: AsyncIterable<unknown>, name = ''): Promise<Response> {
    let frames = ''
    for await (const event of events) {
      frames += `${name && `event: ${name}\n`}data: ${JSON.stringify(event)}\n\n`
    }
    return new Response(frames, { headers: { 'content-type': 'text/event-stream' } })
  }

  it('gives the text of the events of its model', async () => {
    const { done } = await ask(() =>
      eventStream(graphOf(model()).streamEvents(input, { version: 'v2' })),
    )
    expect(done.text).toBe(whole)
  })

  it.each(['values', 'updates'] as const)('gives the new text of its %s', async (streamMode) => {
    const { done } = await ask(async () =>
      eventStream(await graphOf(model()).stream(input, { streamMode }), streamMode),
    )
    expect(done.text).toBe(whole)
  })

  it('gives no old text where a node is a graph, which hands back the conversation', async () => {
    const outer = new StateGraph(MessagesAnnotation)
      .addNode('inner', graphOf(model()))
      .addEdge(START, 'inner')
      .compile()
    const { done } = await ask(async () =>
      eventStream(await outer.stream(input, { streamMode: 'updates' }), 'updates'),
    )
    expect(done.text).toBe(whole)
  })
})
