import { createChat } from 'chatwire/chat'
import { expect, test, vi } from 'vitest'
import { fakeClock } from '../helpers/clock.ts'
import { url } from '../transport/feed.ts'
import { backend, brief, chatWith } from './backend.ts'
import { fakePage, setHidden, stub } from './page.ts'

const tokens = (count: number) => Array.from({ length: count }, () => ({ text: 'a ' }))

test('listeners are told before every other frame, however much comes, and of the end at once', async () => {
  const clock = fakeClock()
  const { draw, waiting } = fakePage(false)
  const server = backend()
  const chat = chatWith(server, { notify: 'frame' })
  chat.send('Hi')
  await clock.pass(0)
  expect(chat.notified).toHaveLength(1)
  for (let frame = 1; frame <= 3; frame += 1) {
    server.last().send(...tokens(50).map((token) => [token]))
    // The first is asked for at once, the others not before the second frame after the last one.
    await clock.pass(frame === 1 ? 0 : 27)
    expect(waiting()).toBe(frame === 1 ? 1 : 0)
    await clock.pass(frame === 1 ? 0 : 1)
    expect(chat.notified).toHaveLength(frame)
    expect(waiting()).toBe(1)
    draw()
    expect(chat.notified).toHaveLength(frame + 1)
    expect(chat.get().messages.at(-1)?.text).toBe('a '.repeat(50 * frame))
  }
  server.last().send([{ text: 'end' }, '[DONE]'])
  await clock.pass(0)
  expect(chat.notified).toHaveLength(5)
  expect(brief(chat.get())).toEqual([
    'idle',
    'user done: Hi',
    `assistant done: ${'a '.repeat(150)}end`,
  ])
  expect(waiting()).toBe(0)
  expect(clock.timers()).toBe(0)
})

test('without an animation frame a timer stands in', async () => {
  const clock = fakeClock()
  stub('requestAnimationFrame', undefined)
  const server = backend()
  const chat = chatWith(server, { notify: 'frame' })
  chat.send('Hi')
  await clock.pass(0)
  server.last().send(...tokens(50).map((token) => [token]))
  await clock.pass(15)
  expect(chat.notified).toHaveLength(1)
  await clock.pass(1)
  expect(chat.notified).toHaveLength(2)
  expect(chat.get().messages.at(-1)?.text).toBe('a '.repeat(50))
  chat.stop()
})

test('a hidden tab is told by a timer, and so is one that is hidden after it asked for a frame', async () => {
  const clock = fakeClock()
  const { waiting } = fakePage(true)
  const server = backend()
  const chat = chatWith(server, { notify: 'frame' })
  chat.send('Hi')
  await clock.pass(0)
  server.last().send([{ text: 'a' }])
  await clock.pass(16)
  expect(chat.get().messages.at(-1)?.text).toBe('a')
  expect(waiting()).toBe(0)

  setHidden(false)
  server.last().send([{ text: 'b' }])
  await clock.pass(28)
  expect(waiting()).toBe(1)
  setHidden(true)
  await clock.pass(100)
  expect(chat.get().messages.at(-1)?.text).toBe('ab')
  expect(waiting()).toBe(0)
  chat.stop()
})

test('throttled, listeners are told once in that time', async () => {
  const clock = fakeClock()
  const server = backend()
  const chat = chatWith(server, { notify: { throttleMs: 200 } })
  chat.send('Hi')
  await clock.pass(0)
  for (let step = 0; step < 100; step += 1) {
    server.last().send([{ text: 'a' }])
    await clock.pass(10)
  }
  // One for the question, one for the first piece, and one in 200 ms of the second that has passed.
  expect(chat.notified).toHaveLength(1 + 1 + 5)
  chat.stop()
  expect(chat.notified).toHaveLength(1 + 1 + 5 + 1)
  expect(chat.get().messages.at(-1)?.text).toBe('a'.repeat(100))
})

test('5,000 pieces within one frame cost one notification', async () => {
  const clock = fakeClock()
  const { draw } = fakePage(false)
  const server = backend()
  const chat = chatWith(server, { notify: 'frame' })
  chat.send('Hi')
  await clock.pass(0)
  for (let piece = 0; piece < 5000; piece += 1) server.last().send([{ text: 'a ' }])
  await clock.pass(0)
  expect(chat.notified).toHaveLength(1)
  draw()
  expect(chat.notified).toHaveLength(2)
  expect(chat.get().messages.at(-1)?.text).toHaveLength(10_000)
  chat.stop()
})

test('stop leaves no timer and no frame, and the last state is told', async () => {
  const clock = fakeClock()
  const { waiting } = fakePage(false)
  for (const options of [{}, { pace: true }, { notify: { throttleMs: 1000 } }] as const) {
    const server = backend()
    const chat = chatWith(server, { notify: 'frame', ...options })
    chat.send('Hi')
    await clock.pass(0)
    server.last().send([{ text: 'Hello' }])
    await clock.pass(0)
    chat.stop()
    expect(brief(chat.get())).toEqual(['idle', 'user done: Hi', 'assistant stopped: Hello'])
    expect(chat.notified.at(-1)).toBe(chat.get())
    await clock.pass(0)
    expect(waiting()).toBe(0)
    expect(clock.timers()).toBe(0)
  }
})

test.each(['onData', 'a listener'])('a stop from within %s leaves no timer', async (where) => {
  const clock = fakeClock()
  fakePage(false)
  const server = backend()
  const stop = () => chat.stop()
  const chat = chatWith(server, where === 'onData' ? { notify: 'frame', onData: stop } : {})
  if (where === 'a listener') chat.subscribe(({ status }) => status === 'streaming' && stop())
  chat.send('Hi')
  await clock.pass(0)
  server.last().send([{ type: 'meta', n: 1 }])
  await clock.pass(0)
  expect(chat.get().status).toBe('idle')
  expect(chat.get().messages[1]).toMatchObject({ status: 'stopped', parts: [{ name: 'meta' }] })
  expect(clock.timers()).toBe(0)
})

test('get gives the same object until listeners are told of another', async () => {
  const clock = fakeClock()
  const { draw } = fakePage(false)
  const server = backend()
  const chat = chatWith(server, { notify: 'frame' })
  const initial = chat.get()
  expect(chat.get()).toBe(initial)
  chat.send('Hi')
  const submitted = chat.get()
  expect(submitted).not.toBe(initial)
  await clock.pass(0)
  server.last().send([{ text: 'a' }])
  await clock.pass(0)
  expect(chat.get()).toBe(submitted)
  draw()
  const streaming = chat.get()
  expect(streaming).not.toBe(submitted)
  expect(chat.notified).toEqual([submitted, streaming])
  expect(chat.getInitial()).toBe(initial)
  chat.stop()
})

test('a stop where nothing is under way tells nobody', () => {
  const chat = chatWith(backend())
  const before = chat.get()
  chat.stop()
  expect(chat.notified).toEqual([])
  expect(chat.get()).toBe(before)
})

test('a listener that throws hinders neither the others nor the chat, and is reported', async () => {
  const reports: (() => void)[] = []
  const server = backend()
  const chat = createChat({
    url,
    fetch: server.fetch,
    onFinish() {
      throw new Error('from onFinish')
    },
  })
  chat.subscribe(() => {
    throw new Error('from a listener')
  })
  const heard: string[] = []
  chat.subscribe(({ status }) => heard.push(status))
  stub('queueMicrotask', (report: () => void) => reports.push(report))
  const sent = chat.send('Hi')
  await vi.waitFor(() => expect(server.answers).toHaveLength(1))
  server.last().send(['[DONE]'])
  await sent
  expect(heard).toEqual(['submitted', 'idle'])
  expect(reports).toHaveLength(3)
  expect(reports[0]).toThrow('from a listener')
  expect(reports[1]).toThrow('from a listener')
  expect(reports[2]).toThrow('from onFinish')
})

test('a function that is subscribed twice is told twice, until each is taken back', () => {
  const chat = createChat({ url })
  let calls = 0
  const listener = () => {
    calls += 1
  }
  const first = chat.subscribe(listener)
  const second = chat.subscribe(listener)
  chat.clear()
  expect(calls).toBe(2)
  first()
  first()
  chat.clear()
  expect(calls).toBe(3)
  second()
  chat.clear()
  expect(calls).toBe(3)
})

test('a listener that subscribes is told of the next change, one that was taken back of none', () => {
  const chat = createChat({ url })
  const heard: string[] = []
  let unsubscribe = () => {}
  const subscribe = (name: string) => {
    unsubscribe = chat.subscribe(() => {
      heard.push(name)
      // One that takes the place of another at each change must not be told for ever.
      if (heard.length > 10) return
      unsubscribe()
      later()
      subscribe('again')
    })
  }
  subscribe('first')
  const later = chat.subscribe(() => heard.push('taken back'))
  chat.clear()
  expect(heard).toEqual(['first'])
  chat.clear()
  expect(heard).toEqual(['first', 'again'])
})

test('a listener that changes the chat is followed by the others, who see the last state', () => {
  const chat = createChat({ url })
  chat.subscribe(({ messages }) => {
    if (messages.length === 0) chat.setMessages(['Hi'])
  })
  const seen: number[] = []
  chat.subscribe(({ messages }) => seen.push(messages.length))
  chat.clear()
  expect(seen).toEqual([1, 1])
})

test('text that a buffer holds is let go when no more comes, and kept when the answer is stopped', async () => {
  const clock = fakeClock()
  const server = backend()
  const chat = chatWith(server, { notify: 'sync', buffer: 'line' })
  const text = () => chat.get().messages.at(-1)?.text
  chat.send('Hi')
  await clock.pass(0)
  server.last().send([{ text: 'First line\nHello' }])
  await clock.pass(0)
  expect(text()).toBe('First line\n')
  await clock.pass(300)
  expect(text()).toBe('First line\nHello')
  server.last().send([{ text: ' wor' }])
  await clock.pass(0)
  expect(text()).toBe('First line\nHello')
  chat.stop()
  expect(text()).toBe('First line\nHello wor')
  expect(clock.timers()).toBe(0)
})
