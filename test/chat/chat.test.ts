import { ChatError } from 'chatwire'
import { createChat } from 'chatwire/chat'
import { describe, expect, test, vi } from 'vitest'
import { deafFetch, url } from '../transport/feed.ts'
import { type Backend, backend, brief, chatWith, eventsOf, settle } from './backend.ts'

/** What the server does with the last answer. */
const say = (server: Backend, text: string) => server.last().send([{ text }])
const end = (server: Backend) => server.last().send(['[DONE]'])

type Step = (chat: ReturnType<typeof chatWith>, server: Backend) => unknown

const ask = (text: string): Step => {
  return (chat) => {
    chat.send(text)
  }
}
const answer = (text: string): Step => {
  return async (_chat, server) => {
    say(server, text)
    await settle()
    end(server)
  }
}
const partly = (text: string): Step => {
  return (_chat, server) => say(server, text)
}
const cut: Step = (_chat, server) => server.last().fail(new TypeError('reset by the test'))

interface Row {
  rule: string
  steps: Step[]
  /** The state in the end. */
  ends: string[]
  /** The texts of the messages that each request carried. */
  asked: string[][]
}

const rows: Row[] = [
  {
    rule: 'a question is answered',
    steps: [ask('Hi'), answer('Hello')],
    ends: ['idle', 'user done: Hi', 'assistant done: Hello'],
    asked: [['Hi']],
  },
  {
    rule: 'a question that was sent waits for its answer',
    steps: [ask('Hi')],
    ends: ['submitted', 'user done: Hi'],
    asked: [['Hi']],
  },
  {
    rule: 'an answer is there as far as it has come',
    steps: [ask('Hi'), partly('Hel'), partly('lo')],
    ends: ['streaming', 'user done: Hi', 'assistant streaming: Hello'],
    asked: [['Hi']],
  },
  {
    rule: 'the next request carries what was said',
    steps: [ask('Hi'), answer('Hello'), ask('Bye'), answer('Ciao')],
    ends: [
      'idle',
      'user done: Hi',
      'assistant done: Hello',
      'user done: Bye',
      'assistant done: Ciao',
    ],
    asked: [['Hi'], ['Hi', 'Hello', 'Bye']],
  },
  {
    rule: 'stop keeps what had arrived',
    steps: [ask('Hi'), partly('Hel'), (chat) => chat.stop()],
    ends: ['idle', 'user done: Hi', 'assistant stopped: Hel'],
    asked: [['Hi']],
  },
  {
    rule: 'stop before anything came leaves the question alone',
    steps: [ask('Hi'), (chat) => chat.stop()],
    ends: ['idle', 'user done: Hi'],
    asked: [['Hi']],
  },
  {
    rule: 'a lost connection is an error, and keeps what had arrived',
    steps: [ask('Hi'), partly('Hel'), cut],
    ends: ['error', 'user done: Hi', 'assistant error: Hel'],
    asked: [['Hi']],
  },
  {
    rule: 'a failure before anything came adds no message',
    steps: [ask('Hi'), cut],
    ends: ['error', 'user done: Hi'],
    asked: [['Hi']],
  },
  {
    rule: 'sending again stops the answer that is on its way',
    steps: [ask('Hi'), partly('Hel'), ask('Wait'), answer('Yes?')],
    ends: [
      'idle',
      'user done: Hi',
      'assistant stopped: Hel',
      'user done: Wait',
      'assistant done: Yes?',
    ],
    asked: [['Hi'], ['Hi', 'Hel', 'Wait']],
  },
  {
    rule: 'regenerate asks for the last answer again',
    steps: [ask('Hi'), answer('Hello'), (chat) => void chat.regenerate(), answer('Hey')],
    ends: ['idle', 'user done: Hi', 'assistant done: Hey'],
    asked: [['Hi'], ['Hi']],
  },
  {
    rule: 'regenerate in mid-answer starts it again',
    steps: [ask('Hi'), partly('Hel'), (chat) => void chat.regenerate(), answer('Hey')],
    ends: ['idle', 'user done: Hi', 'assistant done: Hey'],
    asked: [['Hi'], ['Hi']],
  },
  {
    rule: 'regenerate after an error is a retry, without the broken answer',
    steps: [ask('Hi'), partly('Hel'), cut, (chat) => void chat.regenerate(), answer('Hey')],
    ends: ['idle', 'user done: Hi', 'assistant done: Hey'],
    asked: [['Hi'], ['Hi']],
  },
  {
    rule: 'a retry of a request that brought nothing drops nothing',
    steps: [
      ask('Hi'),
      answer('Hello'),
      (chat) => void chat.send(),
      cut,
      (chat) => void chat.regenerate(),
      answer('more'),
    ],
    ends: ['idle', 'user done: Hi', 'assistant done: Hello', 'assistant done: more'],
    asked: [['Hi'], ['Hi', 'Hello'], ['Hi', 'Hello']],
  },
  {
    rule: 'regenerate from an earlier answer drops it and what came later',
    steps: [
      ask('Hi'),
      answer('Hello'),
      ask('Bye'),
      answer('Ciao'),
      (chat) => void chat.regenerate(chat.get().messages[1]?.id),
      answer('Hey'),
    ],
    ends: ['idle', 'user done: Hi', 'assistant done: Hey'],
    asked: [['Hi'], ['Hi', 'Hello', 'Bye'], ['Hi']],
  },
  {
    rule: 'regenerate from a question keeps the question',
    steps: [
      ask('Hi'),
      answer('Hello'),
      ask('Bye'),
      answer('Ciao'),
      (chat) => void chat.regenerate(chat.get().messages[2]?.id),
      answer('So long'),
    ],
    ends: [
      'idle',
      'user done: Hi',
      'assistant done: Hello',
      'user done: Bye',
      'assistant done: So long',
    ],
    asked: [['Hi'], ['Hi', 'Hello', 'Bye'], ['Hi', 'Hello', 'Bye']],
  },
  {
    rule: 'edit replaces a question, drops what came later and asks again',
    steps: [
      ask('Hi'),
      answer('Hello'),
      ask('Bye'),
      answer('Ciao'),
      (chat) => void chat.edit(chat.get().messages[0]?.id ?? '', 'Hi there'),
      answer('Hey'),
    ],
    ends: ['idle', 'user done: Hi there', 'assistant done: Hey'],
    asked: [['Hi'], ['Hi', 'Hello', 'Bye'], ['Hi there']],
  },
  {
    rule: 'clear stops, and drops everything',
    steps: [ask('Hi'), partly('Hel'), (chat) => chat.clear()],
    ends: ['idle'],
    asked: [['Hi']],
  },
  {
    rule: 'setMessages stops, and puts others in their place',
    steps: [
      ask('Hi'),
      partly('Hel'),
      (chat) => chat.setMessages([{ role: 'system', text: 'Be brief.' }, 'Hello?']),
      (chat) => void chat.send(),
      answer('Yes.'),
    ],
    ends: ['idle', 'system done: Be brief.', 'user done: Hello?', 'assistant done: Yes.'],
    asked: [['Hi'], ['Be brief.', 'Hello?']],
  },
  {
    rule: 'setMessages may start from the messages there are, the stopped one included',
    steps: [ask('Hi'), partly('Hel'), (chat) => chat.setMessages((all) => all.slice(1))],
    ends: ['idle', 'assistant stopped: Hel'],
    asked: [['Hi']],
  },
  {
    rule: 'a new question takes the error away',
    steps: [ask('Hi'), cut, ask('Hi again')],
    ends: ['submitted', 'user done: Hi', 'user done: Hi again'],
    asked: [['Hi'], ['Hi', 'Hi again']],
  },
]

describe.each([
  ['without pacing', {}],
  ['paced', { pace: true }],
  ['by frames', { notify: 'frame' }],
  ['throttled', { notify: { throttleMs: 0 } }],
] as const)('%s', (_name, options) => {
  test.each(rows)('$rule', async ({ steps, ends, asked }) => {
    const server = backend()
    const chat = chatWith(server, options)
    for (const step of steps) {
      await step(chat, server)
      await settle()
    }
    await expect.poll(() => brief(chat.get())).toEqual(ends)
    expect(
      server.answers.map((_, index) => server.asked(index).messages.map(({ text }) => text)),
    ).toEqual(asked)
    expect(chat.notified.at(-1)).toBe(chat.get())
    expect(chat.get().error !== undefined).toBe(chat.get().status === 'error')
    chat.stop()
  })
})

test('of two requests made at once only the last is sent, and both promises resolve', async () => {
  const server = backend()
  const request = vi.fn(() => ({ json: {} }))
  const chat = chatWith(server, { request })
  const both = [chat.send('Hi'), chat.send('Hello?')]
  await settle()
  expect(request).toHaveBeenCalledTimes(1)
  expect(server.answers).toHaveLength(1)
  server.last().send([{ text: 'Yes?' }, '[DONE]'])
  await Promise.all(both)
  expect(brief(chat.get())).toEqual([
    'idle',
    'user done: Hi',
    'user done: Hello?',
    'assistant done: Yes?',
  ])
})

test('stop closes the connection at once', async () => {
  const server = backend()
  const chat = chatWith(server)
  const sent = chat.send('Hi')
  await settle()
  server.last().send([{ text: 'Hel' }])
  await settle()
  chat.stop()
  await settle()
  expect(server.last().cancels).toHaveLength(1)
  await sent
})

test('stop ends a request that no answer came to, and one that is still being made', async () => {
  for (const options of [{ fetch: deafFetch }, { request: () => new Promise<never>(() => {}) }]) {
    const chat = createChat({ url, ...options })
    const sent = chat.send('Hi')
    await settle()
    expect(chat.get().status).toBe('submitted')
    chat.stop()
    expect(chat.get().status).toBe('idle')
    await sent
  }
})

test('the promise of an answer that another one takes the place of resolves at once', async () => {
  const chat = createChat({ url, request: () => new Promise<never>(() => {}) })
  const first = chat.send('Hi')
  await settle()
  const second = chat.send('Hello')
  await first
  chat.stop()
  await second
})

test('what a stream still says after a stop is not heard', async () => {
  let goOn: () => void = () => {}
  const chat = chatWith(backend(), {
    request: async function* () {
      yield { type: 'text', text: 'Hel' } as const
      await new Promise<void>((resolve) => (goOn = resolve))
      yield { type: 'text', text: 'lo' } as const
      yield* eventsOf([])
    },
  })
  const sent = chat.send('Hi')
  await settle()
  chat.stop()
  const told = chat.notified.length
  goOn()
  await sent
  expect(chat.notified).toHaveLength(told)
  expect(brief(chat.get())).toEqual(['idle', 'user done: Hi', 'assistant stopped: Hel'])
})

test('a request that is made only after the chat was stopped is not sent', async () => {
  let resolve: (init: object) => void = () => {}
  const server = backend()
  const chat = chatWith(server, {
    request: () => new Promise<object>((done) => (resolve = done)),
  })
  const sent = chat.send('Hi')
  await settle()
  chat.stop()
  resolve({ json: {} })
  await sent
  expect(server.answers).toHaveLength(0)
})

test('the messages are posted to the url as JSON', async () => {
  const server = backend()
  const chat = chatWith(server, { headers: { 'x-tenant': '7' } })
  chat.send('Hi')
  await settle()
  const [{ input, init }] = server.last().calls as [{ input: unknown; init: RequestInit }]
  expect(input).toBe(url)
  expect(init.method).toBe('POST')
  expect(new Headers(init.headers).get('x-tenant')).toBe('7')
  expect(Object.keys(init).filter((key) => !(key in new Request(url)))).toEqual([])
  expect(JSON.parse(String(init.body))).toEqual({
    messages: [
      { id: 'm1', role: 'user', status: 'done', text: 'Hi', parts: [{ type: 'text', text: 'Hi' }] },
    ],
  })
  chat.stop()
})

test('request shapes the call, with the other options as its defaults', async () => {
  const server = backend()
  const chat = chatWith(server, {
    headers: { 'x-tenant': '7' },
    request: async (messages) => ({
      url: `${url}?v=2`,
      json: { input: messages.map(({ role, text }) => ({ role, content: text })) },
    }),
  })
  chat.send('Hi')
  await settle()
  const [{ input, init }] = server.last().calls as [{ input: unknown; init: RequestInit }]
  expect(input).toBe(`${url}?v=2`)
  expect(new Headers(init.headers).get('x-tenant')).toBe('7')
  expect(init.body).toBe('{"input":[{"role":"user","content":"Hi"}]}')
  chat.stop()
})

test('request may return a stream from anywhere', async () => {
  const chat = createChat({ request: () => eventsOf([{ type: 'text', text: 'Hello' }]) })
  await chat.send('Hi')
  expect(brief(chat.get())).toEqual(['idle', 'user done: Hi', 'assistant done: Hello'])
})

test.each([
  [
    'request throws',
    () => {
      throw new TypeError('no')
    },
  ],
  ['request rejects', () => Promise.reject(new TypeError('no'))],
  ['request makes no valid call', () => ({ url, json: {}, body: 'x' })],
  [
    'a stream throws',
    // biome-ignore lint/correctness/useYield: It fails before it has anything to say.
    async function* () {
      throw new TypeError('no')
    },
  ],
  ['a stream ends without saying so', async function* () {}],
])('an error of code callback if %s', async (_name, request) => {
  const chat = createChat({ request })
  await chat.send('Hi')
  expect(chat.get()).toMatchObject({
    status: 'error',
    error: { code: 'callback', cause: expect.any(TypeError) },
  })
})

test('a ChatError that request throws is the error', async () => {
  const error = new ChatError('http', 'Sign in again.', { status: 401 })
  const chat = createChat({ request: () => Promise.reject(error) })
  await chat.send('Hi')
  expect(chat.get().error).toBe(error)
})

test('a signal of the caller stops, and is no error', async () => {
  const server = backend()
  const abort = new AbortController()
  const onFinish = vi.fn()
  const onError = vi.fn()
  const chat = chatWith(server, { signal: abort.signal, onFinish, onError })
  const sent = chat.send('Hi')
  await settle()
  server.last().send([{ text: 'Hel' }])
  await settle()
  abort.abort()
  await sent
  expect(brief(chat.get())).toEqual(['idle', 'user done: Hi', 'assistant stopped: Hel'])
  expect(onFinish).not.toHaveBeenCalled()
  expect(onError).not.toHaveBeenCalled()
})

test('a stream that cannot be read as the options say is closed', async () => {
  const closed = vi.fn()
  const stream = eventsOf([])
  stream.return = async () => {
    closed()
    return { done: true, value: undefined }
  }
  const chat = createChat({ request: () => stream, buffer: 0 })
  await chat.send('Hi')
  expect(chat.get().error).toMatchObject({ code: 'callback', cause: expect.any(TypeError) })
  expect(closed).toHaveBeenCalledTimes(1)
})

test('wrong arguments throw a TypeError at the call, and change nothing', async () => {
  expect(() => createChat({})).toThrow(TypeError)
  const server = backend()
  const chat = chatWith(server)
  chat.send('Hi')
  await settle()
  server.last().send([{ text: 'Hel' }])
  await settle()
  const before = chat.get()
  expect(() => chat.regenerate('nobody')).toThrow(TypeError)
  expect(() => chat.edit('nobody', 'Hi')).toThrow(TypeError)
  for (const wrong of [null, { parts: 1 }] as never[]) {
    expect(() => chat.edit('m1', wrong)).toThrow(TypeError)
    expect(() => chat.send(wrong)).toThrow(TypeError)
  }
  expect(chat.get()).toBe(before)
  chat.stop()
  for (const wrong of [
    { notify: 'often' },
    { notify: { throttleMs: -1 } },
    { notify: { throttleMs: Infinity } },
    { pace: { maxLagMs: -1 } },
    { pace: { unit: 'line' } },
  ]) {
    const chat = createChat({ url, ...wrong } as object)
    expect(() => chat.send('Hi'), JSON.stringify(wrong)).toThrow(TypeError)
    expect(brief(chat.get())).toEqual(['idle'])
  }
})

test('options may be a function, which is asked for each request', async () => {
  const server = backend()
  let tenant = '1'
  const chat = createChat(() => ({ url, fetch: server.fetch, headers: { 'x-tenant': tenant } }))
  for (tenant of ['2', '3']) {
    const sent = chat.send('Hi')
    await settle()
    server.last().send([{ text: 'Hello' }, '[DONE]'])
    await sent
  }
  const tenants = server.answers.map(({ calls }) =>
    new Headers(calls[0]?.init.headers).get('x-tenant'),
  )
  expect(tenants).toEqual(['2', '3'])
})

test('callbacks are called once, when the state says the same', async () => {
  const server = backend()
  const heard: unknown[] = []
  const chat = chatWith(server, {
    onFinish: (message, result) =>
      heard.push(['finish', message, result.finishReason, chat.get().messages.at(-1) === message]),
    onError: (error) => heard.push(['error', error.code, chat.get().error === error]),
    onData: (part) => heard.push(['data', part.name, part.data]),
  })
  let sent = chat.send('Hi')
  await settle()
  server.last().send([{ type: 'meta', n: 1 }, { text: 'Hello' }, '[DONE]'])
  await sent
  sent = chat.send('Bye')
  await settle()
  server.last().send([{ error: { message: 'overloaded' } }])
  await sent
  expect(heard).toEqual([
    ['data', 'meta', { type: 'meta', n: 1 }],
    ['finish', chat.get().messages[1], 'stop', true],
    ['error', 'provider', true],
  ])
})

test('an answer that is complete but empty is a message with its finish reason', async () => {
  const chat = createChat({ request: () => eventsOf([], { finishReason: 'content-filter' }) })
  await chat.send('Hi')
  expect(chat.get().messages.at(-1)).toMatchObject({
    role: 'assistant',
    status: 'done',
    text: '',
    parts: [],
    finishReason: 'content-filter',
  })
})

test('messages to begin with are there at once; whole ones are kept as they are', () => {
  const whole = {
    id: 'a',
    role: 'assistant',
    status: 'done',
    text: 'Hello',
    parts: [{ type: 'text', text: 'Hello' }],
  } as const
  const chat = createChat({ url, messages: ['Hi', whole] })
  expect(brief(chat.get())).toEqual(['idle', 'user done: Hi', 'assistant done: Hello'])
  expect(chat.get().messages[1]).toBe(whole)
  expect(chat.getInitial()).toBe(chat.get())
})

test('what is given as undefined has its default', () => {
  const chat = createChat({ url })
  const nothing = { id: undefined, role: undefined, status: undefined, parts: undefined }
  chat.setMessages([{ ...nothing, text: 'Hi' } as object])
  expect(chat.get().messages).toEqual([
    {
      id: expect.any(String),
      role: 'user',
      status: 'done',
      text: 'Hi',
      parts: [{ type: 'text', text: 'Hi' }],
    },
  ])
})

test('a message with parts has the text of its text parts', () => {
  const chat = createChat({ url })
  chat.setMessages([
    {
      parts: [
        { type: 'text', text: 'Look: ' },
        { type: 'file', mediaType: 'image/png', url: 'data:image/png;base64,AA==' },
        { type: 'text', text: 'a dot' },
      ],
    },
  ])
  expect(chat.get().messages[0]).toMatchObject({ role: 'user', text: 'Look: a dot' })
})
