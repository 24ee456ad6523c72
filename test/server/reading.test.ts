import { type ChatEvent, collect, readChat } from 'chatwire'
import { plain } from 'chatwire/formats'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sse, utf8 } from '../helpers/encode.ts'
import { checkPromises, doneOf, run } from '../helpers/run.ts'
import { brief } from '../transport/brief.ts'
import { answerOf, wireOf } from './wire.ts'

const read = (wire: string, requireEnd = false): Promise<ChatEvent[]> =>
  run(readChat(new Response(utf8(wire).slice()), { requireEnd }))

test('a message that no server of ours writes is quoted up to its 1,000th character', async () => {
  const { error } = doneOf(await read(sse([{ error: 'x'.repeat(5000), retryable: false }])))
  expect(error).toMatchObject({ code: 'provider', message: `${'x'.repeat(1000)}…` })
})

describe('an answer that was cut off on its way', () => {
  const content = answerOf([
    { type: 'text', text: 'Héllo' },
    { type: 'tool-call', id: 't', name: 'f', input: {}, inputText: '{}' },
    { type: 'text', text: '!' },
  ])

  test('is never complete, wherever it was cut', async () => {
    const wire = utf8(await wireOf(content))
    const end = new TextDecoder().decode(wire).indexOf('{"done"')
    const endOfDone = wire.length - '\n\ndata: [DONE]\n\n'.length
    expect(end).toBeGreaterThan(0)
    for (let length = 0; length < endOfDone; length += 1) {
      const cut = () => new Response(wire.slice(0, length), { headers: eventStream })
      const done = doneOf(await run(readChat(cut())))
      expect(['unknown', 'error'], `cut at ${length}`).toContain(done.finishReason)
      if (done.error !== undefined) expect(done.error.code).toBe('truncated')
      const strict = doneOf(await run(readChat(cut(), { requireEnd: true })))
      expect(strict.error, `cut at ${length}`).toMatchObject({ code: 'truncated' })
    }
  })

  test('is complete once its done is there', async () => {
    const wire = (await wireOf(content)).replace('\n\ndata: [DONE]\n\n', '')
    expect(doneOf(await read(wire, true)).finishReason).toBe('stop')
  })
})

const eventStream = { 'content-type': 'text/event-stream' }

describe('frames that are nearly ours', () => {
  test.each([
    ['an unknown type', { type: 'new-thing', id: 't' }],
    ['no type', { id: 't' }],
    ['a tool call without its text', { type: 'tool-call', id: 't', name: 'f', input: {} }],
    ['a tool call whose id is no string', { type: 'tool-call', id: 1, name: 'f', inputText: '' }],
    ['a piece of a tool call without its piece', { type: 'tool-call-delta', id: 't', name: 'f' }],
    ['a tool result that does not say whether it failed', { type: 'tool-result', id: 't' }],
    ['a file without URL', { type: 'file', mediaType: 'image/png' }],
    ['data without name', { type: 'data', data: 1 }],
    ['text that is no string', { type: 'text', text: 1 }],
    ['empty text', { type: 'text', text: '' }],
    ['an end', { type: 'done', finishReason: 'stop' }],
    ['an error', { type: 'error', error: 'x' }],
  ])('are data, not events: %s', async (_name, event) => {
    const events = await read(sse([{ event }, { text: 'a' }, '[DONE]']))
    expect(brief(events)).toEqual(['data', 'text a', 'done stop: a'])
    expect(events[0]).toMatchObject({ data: { event } })
  })

  test('of hand-written routes are read as before', async () => {
    for (const [payload, expected] of [
      [{ event: 'message', answer: 'a' }, ['text a', 'done unknown: a']],
      [{ done: true, finishReason: 'tool_calls' }, ['done tool-calls: ']],
      [{ done: true, finishReason: 'new', rawFinishReason: null }, ['data', 'done unknown: ']],
      [{ error: 'x', code: 'E42' }, ['error provider', 'done error: ']],
      [{ refusal: 'No', id: 'm' }, ['data', 'done unknown: ']],
    ] as const) {
      const events = await run(
        readChat(new Response(sse([payload]), { headers: eventStream }), { format: plain }),
      )
      expect(brief(events)).toEqual(expected)
    }
  })

  test('have no fields but those that they may have, of the types that they must have', async () => {
    const scalar = fc.constantFrom('', 'x', '__proto__', 1, -1, 0, true, false, null, [], {}, ['x'])
    const keys = ['id', 'name', 'delta', 'input', 'inputText', 'output', 'isError', 'url', 'title']
    const rest = [
      'raw',
      'mediaType',
      'data',
      'text',
      'choice',
      'providerExecuted',
      'transient',
      'extra',
    ]
    const event = fc.record(
      {
        type: fc.constantFrom(...Object.keys(shapes), 'done', 'error'),
        ...Object.fromEntries([...keys, ...rest].map((key) => [key, scalar])),
      },
      { requiredKeys: ['type'] },
    )
    const usage = fc.dictionary(fc.constantFrom('inputTokens', 'totalTokens', 'raw'), scalar)
    const end = fc.record(
      {
        done: fc.constant(true),
        finishReason: fc.constantFrom('stop', 'aborted', 'x', 1),
        rawFinishReason: scalar,
        id: scalar,
        model: scalar,
        usage: fc.oneof(scalar, usage),
        error: fc.constantFrom('x', '', 1, {}),
        retryable: scalar,
        retryAfterMs: scalar,
        requestId: scalar,
        code: scalar,
      },
      { requiredKeys: [] },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 4 }), end, async (list, end) => {
        const wire = sse([...list.map((event) => ({ event })), end])
        const events = await run(
          readChat(new Response(wire, { headers: eventStream }), { format: plain }),
        )
        checkPromises(events)
        for (const event of events) {
          if (event.type in shapes) expect(event).toEqual(expect.objectContaining(shape(event)))
          expect(event).not.toHaveProperty('extra')
        }
        const { id = '', model = '', usage, rawFinishReason = '' } = doneOf(events)
        for (const text of [id, model, rawFinishReason]) expect(text).toBeTypeOf('string')
        for (const key of ['inputTokens', 'totalTokens'] as const) {
          expect(usage?.[key] ?? 0).toBeTypeOf('number')
        }
      }),
      { numRuns: 1000 },
    )
  })

  const text = expect.any(String)
  const shapes: Record<string, Record<string, unknown>> = {
    text: { text },
    reasoning: { text },
    refusal: { text },
    'tool-call-delta': { id: text, name: text, delta: text },
    'tool-call': { id: text, name: text, inputText: text },
    'tool-result': { id: text, isError: expect.any(Boolean) },
    source: {},
    file: { mediaType: text, url: text },
    data: { name: text },
  }
  const optional: Record<string, unknown> = {
    id: text,
    url: text,
    title: text,
    choice: expect.any(Number),
    providerExecuted: true,
    transient: true,
  }

  /** What an event must be like, its optional fields included where it has them. */
  const shape = (event: ChatEvent): Record<string, unknown> => ({
    ...Object.fromEntries(Object.entries(optional).filter(([key]) => key in event)),
    ...shapes[event.type],
  })
})

test('collect throws the error of the server, with what arrived before it', async () => {
  const wire = await wireOf(['Hi', { type: 'error', error: new Error('x') }])
  await expect(
    collect(readChat(new Response(wire, { headers: eventStream }))),
  ).rejects.toMatchObject({
    code: 'provider',
    message: 'The server could not complete the answer.',
    result: { text: 'Hi', finishReason: 'error' },
  })
})
