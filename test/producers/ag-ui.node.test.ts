import { setTimeout as wait } from 'node:timers/promises'
import { type AGUIEvent, EventType, type TokenUsage } from '@ag-ui/core'
import { streamChat } from 'chatwire'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { agent, type Respond } from '../../examples/servers/ag-ui.ts'
import { ask, askCut, type Cut, piecesOf, question, serveRoute } from './ask.ts'

const messageId = 'message-1'
const usage: TokenUsage[] = [
  {
    model: 'big-1',
    inputTokens: 10,
    outputTokens: 5,
    totalTokens: 15,
    cachedInputTokens: 4,
    reasoningTokens: 2,
  },
  { model: 'small-1', inputTokens: 2, outputTokens: 1, totalTokens: 3 },
]

/** The route of an agent that sends these events. */
function agentOf(...events: AGUIEvent[]) {
  return agent(async function* () {
    yield* events
    return usage
  })
}

function text(id: string, ...deltas: string[]): AGUIEvent[] {
  return [
    { type: EventType.TEXT_MESSAGE_START, messageId: id, role: 'assistant' },
    ...deltas.map((delta) => ({
      type: EventType.TEXT_MESSAGE_CONTENT as const,
      messageId: id,
      delta,
    })),
    { type: EventType.TEXT_MESSAGE_END, messageId: id },
  ]
}

function toolCall(toolCallId: string, toolCallName: string, ...deltas: string[]): AGUIEvent[] {
  return [
    { type: EventType.TOOL_CALL_START, toolCallId, toolCallName, parentMessageId: messageId },
    ...deltas.map((delta) => ({ type: EventType.TOOL_CALL_ARGS as const, toolCallId, delta })),
    { type: EventType.TOOL_CALL_END, toolCallId },
  ]
}

const reasoning: AGUIEvent[] = [
  { type: EventType.REASONING_START, messageId: 'reasoning-1' },
  { type: EventType.REASONING_MESSAGE_START, messageId: 'reasoning-1', role: 'reasoning' },
  { type: EventType.REASONING_MESSAGE_CONTENT, messageId: 'reasoning-1', delta: 'Let me ' },
  { type: EventType.REASONING_MESSAGE_CONTENT, messageId: 'reasoning-1', delta: 'think.' },
  { type: EventType.REASONING_MESSAGE_END, messageId: 'reasoning-1' },
  { type: EventType.REASONING_END, messageId: 'reasoning-1' },
]

const whole = 'Grüße aus 巴黎 👩‍💻.\n'
const answer = text(messageId, 'Grüße ', 'aus 巴', '黎 👩‍💻', '.\n')

const weather = { id: 'call-a', name: 'weather' }
const inputText = '{"city":"Paris"}'
const weatherCall = toolCall('call-a', 'weather', '{"cit', 'y":"Paris"}')
const weatherResult: AGUIEvent = {
  type: EventType.TOOL_CALL_RESULT,
  messageId: 'tool-1',
  toolCallId: 'call-a',
  content: '21 °C',
}

// Of a call that has a result it is known that the page need not run it.
const providerExecuted = true

describe('an agent that encodes its events with @ag-ui/encoder', () => {
  it('gives reasoning, text and tokens, each once and in order', async () => {
    const { events, done } = await ask(agentOf(...reasoning, ...answer))
    expect(events).toEqual([
      { type: 'reasoning', text: 'Let me think.' },
      { type: 'text', text: whole },
    ])
    expect(done).toMatchObject({ finishReason: 'stop', id: messageId, model: 'big-1' })
    expect(done.usage).toEqual({
      inputTokens: 12,
      outputTokens: 6,
      totalTokens: 18,
      cachedInputTokens: 4,
      reasoningTokens: 2,
      raw: usage,
    })
  })

  it('gives a tool that the agent runs with its result, and goes on', async () => {
    const { events, done } = await ask(agentOf(...weatherCall, weatherResult, ...answer))
    expect(events).toEqual([
      { type: 'tool-call-delta', ...weather, delta: inputText },
      { type: 'tool-call', ...weather, input: { city: 'Paris' }, inputText, providerExecuted },
      { type: 'tool-result', id: 'call-a', output: '21 °C', isError: false },
      { type: 'text', text: whole },
    ])
    expect(done.finishReason).toBe('stop')
  })

  it('ends with tool-calls where the page must run the tools', async () => {
    const calls = [...weatherCall, ...toolCall('call-b', 'askUser', '{}')]
    const { done } = await ask(agentOf(...text(messageId, 'One moment.'), ...calls))
    expect(done).toMatchObject({ finishReason: 'tool-calls', text: 'One moment.' })
    expect(done.toolCalls).toEqual([
      { ...weather, input: { city: 'Paris' }, inputText },
      { id: 'call-b', name: 'askUser', input: {}, inputText: '{}' },
    ])
  })

  it('may send chunks that need no start and no end', async () => {
    const { events, done } = await ask(
      agentOf(
        { type: EventType.REASONING_MESSAGE_CHUNK, messageId: 'reasoning-1', delta: 'Let me ' },
        { type: EventType.REASONING_MESSAGE_CHUNK, delta: 'think.' },
        { type: EventType.TEXT_MESSAGE_CHUNK, messageId, role: 'assistant', delta: 'One ' },
        { type: EventType.TEXT_MESSAGE_CHUNK, delta: 'moment.' },
        {
          type: EventType.TOOL_CALL_CHUNK,
          toolCallId: 'call-a',
          toolCallName: 'weather',
          delta: '{"city":',
        },
        { type: EventType.TOOL_CALL_CHUNK, delta: '"Paris"}' },
        weatherResult,
        { type: EventType.TOOL_CALL_CHUNK, toolCallId: 'call-b', toolCallName: 'askUser' },
        { type: EventType.TOOL_CALL_CHUNK, delta: '{}' },
      ),
    )
    expect(events).toEqual([
      { type: 'reasoning', text: 'Let me think.' },
      { type: 'text', text: 'One moment.' },
      { type: 'tool-call-delta', ...weather, delta: inputText },
      { type: 'tool-call', ...weather, input: { city: 'Paris' }, inputText, providerExecuted },
      { type: 'tool-result', id: 'call-a', output: '21 °C', isError: false },
      { type: 'tool-call-delta', id: 'call-b', name: 'askUser', delta: '{}' },
      { type: 'tool-call', id: 'call-b', name: 'askUser', input: {}, inputText: '{}' },
    ])
    expect(done.finishReason).toBe('tool-calls')
  })

  it('gives state, steps and custom events as data, and repeats no text of a snapshot', async () => {
    const snapshot: AGUIEvent = {
      type: EventType.MESSAGES_SNAPSHOT,
      messages: [{ id: messageId, role: 'assistant', content: whole }],
    }
    const { events, done } = await ask(
      agentOf(
        { type: EventType.STEP_STARTED, stepName: 'answer' },
        { type: EventType.STATE_SNAPSHOT, snapshot: { page: 1 } },
        { type: EventType.CUSTOM, name: 'progress', value: 0.5 },
        ...answer,
        { type: EventType.STATE_DELTA, delta: [{ op: 'replace', path: '/page', value: 2 }] },
        { type: EventType.STEP_FINISHED, stepName: 'answer' },
        snapshot,
      ),
    )
    expect(events.map((event) => [(event as { name?: string }).name, event])).toEqual([
      ['STEP_STARTED', expect.objectContaining({ type: 'data' })],
      [
        'STATE_SNAPSHOT',
        {
          type: 'data',
          name: 'STATE_SNAPSHOT',
          data: { type: 'STATE_SNAPSHOT', snapshot: { page: 1 } },
        },
      ],
      ['progress', { type: 'data', name: 'progress', data: 0.5 }],
      [undefined, { type: 'text', text: whole }],
      ['STATE_DELTA', expect.objectContaining({ type: 'data' })],
      ['STEP_FINISHED', expect.objectContaining({ type: 'data' })],
      ['MESSAGES_SNAPSHOT', { type: 'data', name: 'MESSAGES_SNAPSHOT', data: snapshot }],
    ])
    expect(done).toMatchObject({ finishReason: 'stop', text: whole })
  })

  it.each([
    [{ type: 'interrupt', interrupts: [{ id: 'i-1', reason: 'approve' }] }, 'unknown', 'interrupt'],
    [{ type: 'cancelled' }, 'unknown', 'cancelled'],
    [{ type: 'success', pendingToolCallIds: ['call-a'] }, 'tool-calls', 'success'],
  ] as const)('with the outcome %j says %s', async (outcome, finishReason, rawFinishReason) => {
    const run = { threadId: 'thread-1', runId: 'run-1' }
    const finished = { type: EventType.RUN_FINISHED, ...run, outcome } as unknown as AGUIEvent
    const { done } = await ask(agentOf(...text(messageId, 'Hm.'), finished))
    expect(done).toMatchObject({ finishReason, rawFinishReason, text: 'Hm.' })
  })

  it('ends with the error of a run that fails', async () => {
    const failing: Respond = async function* () {
      yield* text(messageId, 'Half').slice(0, 2)
      throw new Error('The model is overloaded')
    }
    const complaints = vi.spyOn(console, 'error').mockReturnValue()
    onTestFinished(() => complaints.mockRestore())
    const { events, done } = await ask(agent(failing))
    expect(events).toMatchObject([
      { type: 'text', text: 'Half' },
      { type: 'error', error: { code: 'provider' } },
    ])
    expect(done).toMatchObject({ finishReason: 'error', text: 'Half' })
    expect(done.error?.message).toContain(': The agent failed.')
    expect(complaints.mock.calls).toEqual([[new Error('The model is overloaded')]])
  })

  it('gives the code of an error', async () => {
    const error: AGUIEvent = { type: EventType.RUN_ERROR, message: 'Too many runs', code: 'BUSY' }
    const { done } = await ask(agentOf(error))
    expect(done.error).toMatchObject({ code: 'provider', providerCode: 'BUSY' })
    expect(done.error?.message).toContain('Too many runs')
  })

  it.each(['end', 'destroy'] satisfies Cut[])(
    'that is cut off (%s) anywhere before its run is finished is an error, never a stop',
    async (cut) => {
      const route = agentOf(...reasoning, ...weatherCall, weatherResult, ...answer)
      const pieces = await piecesOf(route)
      expect(pieces).toHaveLength(19)
      for (let count = 0; count < pieces.length; count++) {
        const done = await askCut(route, cut, count)
        expect(done, `after ${count} pieces`).toMatchObject({
          finishReason: 'error',
          error: { code: cut === 'end' ? 'truncated' : 'network' },
        })
      }
    },
  )

  it('gets what the page sent, and is told when the reader leaves', async () => {
    const onStart = vi.fn()
    const onLeft = vi.fn()
    const patient: Respond = async function* (input) {
      onStart(input)
      try {
        for (;;) {
          yield { type: EventType.TEXT_MESSAGE_CHUNK, messageId, delta: 'word ' }
          await wait(5)
        }
      } finally {
        onLeft()
      }
    }
    const server = await serveRoute(agent(patient))
    for await (const event of streamChat({ url: server.url, json: question })) {
      if (event.type === 'text') break
    }
    expect(onStart).toHaveBeenCalledExactlyOnceWith(question)
    await server.allClosed()
    await vi.waitFor(() => expect(onLeft).toHaveBeenCalledOnce())
  })
})
