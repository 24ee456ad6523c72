import { ChatError, type ChatEvent } from 'chatwire'
import { awaitedToolCalls, type ChatMessage, type ChatSnapshot, createChat } from 'chatwire/chat'
import { describe, expect, test } from 'vitest'
import { counter, eventsOf, settle } from './backend.ts'

const text = (text: string): ChatEvent => ({ type: 'text', text })
const reasoning = (text: string): ChatEvent => ({ type: 'reasoning', text })
const piece = (delta: string, id = 'call_1'): ChatEvent => ({
  type: 'tool-call-delta',
  id,
  name: 'weather',
  delta,
})
const call = (inputText: string, id = 'call_1'): ChatEvent => ({
  type: 'tool-call',
  id,
  name: 'weather',
  input: JSON.parse(inputText) as unknown,
  inputText,
})
const data = (data: unknown, id?: string): ChatEvent => ({
  type: 'data',
  name: 'status',
  data,
  ...(id && { id }),
})

/** The snapshots of an answer that consists of these events. */
async function snapshotsOf(events: readonly ChatEvent[]): Promise<ChatSnapshot[]> {
  const chat = createChat({
    request: () => eventsOf(events),
    notify: 'sync',
    generateId: counter(),
  })
  const snapshots: ChatSnapshot[] = []
  chat.subscribe((snapshot) => snapshots.push(snapshot))
  await chat.send('Hi')
  return snapshots
}

async function partsOf(events: readonly ChatEvent[]): Promise<ChatMessage['parts']> {
  return (await snapshotsOf(events)).at(-1)?.messages.at(-1)?.parts ?? []
}

test('parts stand in the order in which they came, neighbours of one kind joined', async () => {
  const source = { type: 'source', url: 'https://a.example/', raw: {} } as const
  const file = { type: 'file', mediaType: 'image/png', url: 'https://a.example/1.png' } as const
  const parts = await partsOf([
    reasoning('Let me '),
    reasoning('see.'),
    text('It '),
    text('is '),
    piece(''),
    piece('{"city":'),
    piece('"Bern"}'),
    call('{"city":"Bern"}'),
    text('cold'),
    source,
    file,
    data(1),
    data(2),
    { type: 'refusal', text: 'No more.' },
  ])
  expect(parts).toEqual([
    { type: 'reasoning', text: 'Let me see.' },
    { type: 'text', text: 'It is ' },
    {
      type: 'tool-call',
      id: 'call_1',
      name: 'weather',
      state: 'input-available',
      input: { city: 'Bern' },
      inputText: '{"city":"Bern"}',
    },
    { type: 'text', text: 'cold' },
    source,
    file,
    { type: 'data', name: 'status', data: 1 },
    { type: 'data', name: 'status', data: 2 },
    { type: 'refusal', text: 'No more.' },
  ])
})

test('the text of a message is that of its text parts', async () => {
  const snapshots = await snapshotsOf([text('It '), reasoning('Hm.'), text('is')])
  expect(snapshots.at(-1)?.messages.at(-1)?.text).toBe('It is')
})

test('a tool call shows its arguments as they come, then its result', async () => {
  const result = { type: 'tool-result', id: 'call_1', output: { degrees: 3 } } as const
  const snapshots = await snapshotsOf([
    piece(''),
    piece('{"city":"Be'),
    piece('rn"}'),
    call('{"city":"Bern"}'),
    { ...result, isError: false },
  ])
  const states = snapshots.flatMap(({ messages }) =>
    messages.flatMap(({ parts }) =>
      parts.map((part) => part.type === 'tool-call' && [part.state, part.inputText, part.output]),
    ),
  )
  expect(states.filter(Boolean)).toEqual([
    ['input-streaming', '', undefined],
    ['input-streaming', '{"city":"Be', undefined],
    ['input-streaming', '{"city":"Bern"}', undefined],
    ['input-available', '{"city":"Bern"}', undefined],
    ['output-available', '{"city":"Bern"}', { degrees: 3 }],
    ['output-available', '{"city":"Bern"}', { degrees: 3 }],
  ])
})

test('the result of a call that came earlier than the call, or without it, is kept', async () => {
  const result: ChatEvent = { type: 'tool-result', id: 'call_1', output: 'cold', isError: true }
  const known = { type: 'tool-call', id: 'call_1', state: 'output-error', output: 'cold' }
  expect(await partsOf([result])).toEqual([{ ...known, name: '', inputText: '' }])
  expect(await partsOf([result, call('{}')])).toEqual([
    { ...known, name: 'weather', inputText: '{}', input: {} },
  ])
})

test('data that is transient is heard of, and no part of the message', async () => {
  const heard: unknown[] = []
  const event = { type: 'data', name: 'status', data: 'searching', transient: true } as const
  const chat = createChat({
    request: () => eventsOf([event, text('x'), event]),
    onData: (part) => heard.push(part),
  })
  await chat.send('Hi')
  expect(heard).toEqual([event, event])
  expect(chat.get().messages.at(-1)?.parts).toEqual([{ type: 'text', text: 'x' }])
})

test('data with the id of earlier data replaces it, in its place', async () => {
  expect(await partsOf([data(1, 'a'), data(1, 'b'), text('x'), data(2, 'a')])).toEqual([
    { type: 'data', name: 'status', data: 2, id: 'a' },
    { type: 'data', name: 'status', data: 1, id: 'b' },
    { type: 'text', text: 'x' },
  ])
})

test('ids that mean something to JavaScript are ids like any other', async () => {
  const parts = await partsOf([
    piece('{', '__proto__'),
    piece('}', '__proto__'),
    data(1, 'constructor'),
    data(2, 'constructor'),
  ])
  expect(parts).toMatchObject([
    { id: '__proto__', inputText: '{}' },
    { id: 'constructor', data: 2 },
  ])
})

test('of parallel answers the first is shown', async () => {
  const other: ChatEvent = { type: 'text', text: 'Other', choice: 1 }
  expect(await partsOf([text('It '), other, text('is')])).toEqual([{ type: 'text', text: 'It is' }])
})

test('what did not change is the same object, and what changed is another', async () => {
  const snapshots = await snapshotsOf([text('It '), piece('{'), piece('}'), text('is'), text('.')])
  const [submitted, first, second, third, fourth, fifth, done] = snapshots.map(
    ({ messages }) => messages,
  )
  expect(snapshots).toHaveLength(7)
  for (const messages of [first, second, third, fourth, fifth, done]) {
    expect(messages?.[0]).toBe(submitted?.[0])
  }
  const parts = (messages = submitted) => messages?.at(-1)?.parts ?? []
  expect(parts(second)[0]).toBe(parts(first)[0])
  expect(parts(third)[0]).toBe(parts(first)[0])
  expect(parts(third)[1]).not.toBe(parts(second)[1])
  expect(parts(fourth)[1]).toBe(parts(third)[1])
  expect(parts(fifth)[2]).not.toBe(parts(fourth)[2])
  expect(parts(done)).toBe(parts(fifth))
  // None of the earlier ones was written to.
  expect(parts(first)).toEqual([{ type: 'text', text: 'It ' }])
  expect(parts(second)[1]).toMatchObject({ inputText: '{' })
  expect(parts(fourth)[2]).toEqual({ type: 'text', text: 'is' })
})

describe('tool results of the app', () => {
  /** A model that calls two tools, then answers. */
  const answers = [
    () =>
      eventsOf([call('{}', 'call_1'), call('{}', 'call_2')], {
        finishReason: 'tool-calls' as const,
      }),
    () => eventsOf([text('Cold.')]),
  ]

  function toolChat(options = {}, model = answers) {
    const asked: ChatMessage[][] = []
    const chat = createChat({
      request(messages) {
        asked.push([...messages])
        return (model[asked.length - 1] ?? (() => eventsOf([])))()
      },
      notify: 'sync',
      ...options,
    })
    return { chat, asked }
  }

  test('are added to their calls, and can be sent on once none is missing', async () => {
    const { chat, asked } = toolChat()
    await chat.send('Weather?')
    const waiting = () => awaitedToolCalls(chat.get().messages.at(-1)).map(({ id }) => id)
    expect(waiting()).toEqual(['call_1', 'call_2'])
    const before = chat.get().messages
    expect(chat.addToolResult({ id: 'call_2', output: 'no' })).toBe(false)
    expect(chat.get().messages[0]).toBe(before[0])
    expect(chat.get().messages[1]?.parts[0]).toBe(before[1]?.parts[0])
    expect(waiting()).toEqual(['call_1'])
    expect(chat.addToolResult({ id: 'call_1', output: 'no', isError: true })).toBe(true)
    expect(waiting()).toEqual([])
    expect(chat.get().messages[1]?.parts).toMatchObject([
      { id: 'call_1', state: 'output-error', output: 'no' },
      { id: 'call_2', state: 'output-available', output: 'no' },
    ])
    await chat.send()
    expect(asked).toHaveLength(2)
    expect(asked[1]).toHaveLength(2)
    expect(chat.get().messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'assistant'])
    expect(chat.get().messages.at(-1)?.text).toBe('Cold.')
  })

  test('are sent on by themselves with sendToolResults, once', async () => {
    const { chat, asked } = toolChat({ sendToolResults: true })
    await chat.send('Weather?')
    chat.addToolResult({ id: 'call_1', output: 1 })
    await settle()
    expect(asked).toHaveLength(1)
    chat.addToolResult({ id: 'call_2', output: 2 })
    await settle()
    expect(asked).toHaveLength(2)
    expect(chat.get().messages.at(-1)?.text).toBe('Cold.')
  })

  test('may come while the answer still streams, and are sent on when it is over', async () => {
    let goOn: () => void = () => {}
    let requests = 0
    const chat = createChat({
      sendToolResults: true,
      notify: 'sync',
      request: async function* () {
        requests += 1
        if (requests > 1) return yield* eventsOf([text('Cold.')])
        yield call('{}')
        await new Promise<void>((resolve) => (goOn = resolve))
        yield* eventsOf([text('Wait.')], { finishReason: 'tool-calls' })
      },
    })
    chat.send('Weather?')
    await settle()
    expect(chat.addToolResult({ id: 'call_1', output: 1 })).toBe(false)
    expect(chat.get().messages.at(-1)?.parts[0]).toMatchObject({ state: 'output-available' })
    goOn()
    await settle()
    expect(requests).toBe(2)
    expect(chat.get().messages.map(({ text }) => text)).toEqual(['Weather?', 'Wait.', 'Cold.'])
  })

  test('of the server are not sent on', async () => {
    const result: ChatEvent = { type: 'tool-result', id: 'call_1', output: 1, isError: false }
    let requests = 0
    const chat = createChat({
      sendToolResults: true,
      request() {
        requests += 1
        return eventsOf([call('{}'), result], { finishReason: 'tool-calls' })
      },
    })
    await chat.send('Weather?')
    await settle()
    expect(requests).toBe(1)
    expect(awaitedToolCalls(chat.get().messages.at(-1))).toEqual([])
  })

  test('are not sent on for an answer that broke', async () => {
    const error = new ChatError('truncated', 'cut')
    const broken = () => eventsOf([call('{}')], { finishReason: 'error', error })
    const { chat, asked } = toolChat({ sendToolResults: true }, [broken])
    await chat.send('Weather?')
    expect(chat.addToolResult({ id: 'call_1', output: 1 })).toBe(false)
    await settle()
    expect(asked).toHaveLength(1)
    expect(chat.get()).toMatchObject({ status: 'error', error })
  })

  test('for an answer that was left behind are kept, and not sent on', async () => {
    const { chat, asked } = toolChat({ sendToolResults: true })
    await chat.send('Weather?')
    await chat.send('Never mind.')
    expect(chat.addToolResult({ id: 'call_1', output: 1 })).toBe(false)
    await settle()
    expect(asked).toHaveLength(2)
    expect(chat.get().messages[1]?.parts[0]).toMatchObject({ state: 'output-available' })
  })

  test('for calls that nobody made change nothing', async () => {
    const { chat } = toolChat()
    await chat.send('Weather?')
    const before = chat.get()
    expect(chat.addToolResult({ id: 'call_9', output: 1 })).toBe(false)
    expect(chat.get()).toBe(before)
  })

  test('are not asked for where the provider runs the tool, or the call was cut off', async () => {
    const ours = call('{}')
    const theirs = { ...call('{}', 'call_2'), providerExecuted: true } as ChatEvent
    const chat = createChat({
      request: () => eventsOf([ours, theirs, piece('{"ci', 'call_3')], { finishReason: 'length' }),
    })
    await chat.send('Weather?')
    expect(awaitedToolCalls(chat.get().messages.at(-1)).map(({ id }) => id)).toEqual(['call_1'])
  })

  test('survive a retry of the request that carried them', async () => {
    const offline = (): never => {
      throw new TypeError('offline')
    }
    const { chat, asked } = toolChat({}, [...answers.slice(0, 1), offline, ...answers.slice(1)])
    await chat.send('Weather?')
    chat.addToolResult({ id: 'call_1', output: 1 })
    chat.addToolResult({ id: 'call_2', output: 2 })
    await chat.send()
    expect(chat.get().status).toBe('error')
    await chat.regenerate()
    expect(asked).toHaveLength(3)
    expect(asked[2]).toEqual(asked[1])
    expect(chat.get().messages.at(-1)?.text).toBe('Cold.')
  })
})
