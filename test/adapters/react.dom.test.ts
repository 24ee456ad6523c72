import { createChat } from 'chatwire/chat'
import { createChat as createCoreChat } from 'chatwire/chat/core'
import { plain } from 'chatwire/formats'
import { useChat, useSnapshot, useStore, useStream } from 'chatwire/react'
import { createElement as h, type ReactNode, StrictMode, useEffect } from 'react'
import { flushSync } from 'react-dom'
import { createRoot, hydrateRoot } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { expect, inject, onTestFinished, test, vi } from 'vitest'
import { type Backend, backend } from '../chat/backend.ts'
import { type FakeClock, fakeClock } from '../helpers/clock.ts'
import { url } from '../transport/feed.ts'
import { countedChat } from './counted.ts'

/** Renders into a page of its own; what React complains about fails the test. */
function render(node: ReactNode, html?: string) {
  const complaints = vi.spyOn(console, 'error')
  const container = document.createElement('div')
  document.body.append(container)
  if (html !== undefined) container.innerHTML = html
  const root = html === undefined ? createRoot(container) : hydrateRoot(container, node)
  const show = (node: ReactNode): void => flushSync(() => root.render(node))
  if (html === undefined) show(node)
  onTestFinished(() => {
    flushSync(() => root.unmount())
    container.remove()
    expect(complaints).not.toHaveBeenCalled()
    complaints.mockRestore()
  })
  return { container, show, unmount: () => flushSync(() => root.unmount()) }
}

type Chat = ReturnType<typeof useChat>

interface ProbeProps {
  server: Backend
  /** What the hook returned, render by render. */
  seen: Chat[]
  tenant?: string
}

function Probe({ server, seen, tenant = '1' }: ProbeProps) {
  const chat = useChat({ url, fetch: server.fetch, headers: { 'x-tenant': tenant } })
  seen.push(chat)
  return `${chat.status}: ${chat.messages.at(-1)?.text ?? ''}`
}

/** What a {@link Probe} needs, and what a test does with it. */
function probe(clock: FakeClock) {
  const server = backend()
  const seen: Chat[] = []
  const chat = (): Chat => {
    const last = seen.at(-1)
    if (last === undefined) throw new Error('nothing was rendered')
    return last
  }
  return {
    server,
    seen,
    chat,
    element: (tenant?: string) => h(Probe, { server, seen, ...(tenant && { tenant }) }),
    /** Sends a chunk for each text, and lets a frame pass. */
    async say(...texts: string[]) {
      server.last().send(...texts.map((text) => [{ text }]))
      await clock.pass(0)
      await clock.pass(34)
    },
    async ask(text: string) {
      chat().send(text)
      await clock.pass(0)
    },
  }
}

test('a component shows the answer as it streams, rendered once per frame', async () => {
  const clock = fakeClock()
  const { element, seen, say, ask, server } = probe(clock)
  const { container } = render(element())
  expect(container.textContent).toBe('idle: ')
  expect(seen).toHaveLength(1)
  await ask('Hi')
  expect(container.textContent).toBe('submitted: Hi')
  expect(seen).toHaveLength(2)
  await say(...Array.from({ length: 100 }, () => 'a'))
  expect(container.textContent).toBe(`streaming: ${'a'.repeat(100)}`)
  expect(seen).toHaveLength(3)
  await say(...Array.from({ length: 100 }, () => 'b'))
  expect(seen).toHaveLength(4)
  server.last().send(['[DONE]'])
  await clock.pass(0)
  expect(container.textContent).toBe(`idle: ${'a'.repeat(100)}${'b'.repeat(100)}`)
  expect(seen).toHaveLength(5)
})

test('the functions stay the same, and without a change so does the whole', async () => {
  const clock = fakeClock()
  const { element, seen, ask, chat } = probe(clock)
  const { show } = render(element())
  show(element())
  expect(seen).toHaveLength(2)
  expect(seen[1]).toBe(seen[0])
  await ask('Hi')
  expect(seen[2]).not.toBe(seen[0])
  for (const name of ['send', 'stop', 'regenerate', 'clear', 'setMessages'] as const) {
    expect(chat()[name]).toBe(seen[0]?.[name])
  }
})

test('unmounting in mid-answer closes the connection and leaves no timer', async () => {
  const clock = fakeClock()
  const { element, seen, say, ask, server } = probe(clock)
  const { unmount } = render(element())
  await ask('Hi')
  await say('Hel')
  const renders = seen.length
  unmount()
  await clock.pass(0)
  expect(server.last().cancels).toHaveLength(1)
  expect(clock.timers()).toBe(0)
  expect(seen).toHaveLength(renders)
})

function RealProbe({ url, seen }: { url: string; seen: Chat[] }) {
  const chat = useChat({ url })
  seen.push(chat)
  return chat.messages[1]?.text
}

test('unmounting closes the connection, as the server sees it', async () => {
  const origin = inject('serverUrl')
  const seen: Chat[] = []
  const { container, unmount } = render(h(RealProbe, { url: `${origin}/stall?id=unmount`, seen }))
  seen[0]?.send('Hi')
  await expect.poll(() => container.textContent).toBe('Hello, ')
  unmount()
  const state = await fetch(`${origin}/state?id=unmount`)
  expect(await state.json()).toEqual({ requests: 1, closed: true })
})

test('other options do not start anything again; the next request takes them', async () => {
  const clock = fakeClock()
  const { element, say, ask, server } = probe(clock)
  const { container, show } = render(element())
  await ask('Hi')
  await say('Hel')
  show(element('2'))
  await say('lo')
  expect(container.textContent).toBe('streaming: Hello')
  expect(server.answers).toHaveLength(1)
  await ask('Bye')
  const tenants = server.answers.map(({ calls }) =>
    new Headers(calls[0]?.init.headers).get('x-tenant'),
  )
  expect(tenants).toEqual(['1', '2'])
})

/** Asks when it is mounted for the first time. */
function AsksOnMount({ server, mounts }: { server: Backend; mounts: string[] }) {
  const { messages, send } = useChat({ url, fetch: server.fetch })
  useEffect(() => {
    mounts.push('mounted')
    if (mounts.length === 1) send('Hi')
  }, [send, mounts])
  return messages.map(({ text }) => text).join('|')
}

test('strict mode neither stops nor doubles a request that an effect makes', async () => {
  const clock = fakeClock()
  const server = backend()
  const mounts: string[] = []
  const { container, unmount } = render(h(StrictMode, null, h(AsksOnMount, { server, mounts })))
  expect(mounts).toHaveLength(2)
  await clock.pass(0)
  expect(server.answers).toHaveLength(1)
  server.last().send([{ text: 'Hello' }])
  await clock.pass(0)
  await clock.pass(34)
  expect(container.textContent).toBe('Hi|Hello')
  expect(server.last().cancels).toHaveLength(0)
  unmount()
  await clock.pass(0)
  expect(server.answers).toHaveLength(1)
  expect(server.last().cancels).toHaveLength(1)
})

/** Starts whenever it is mounted. */
function StartsOnMount({ server }: { server: Backend }) {
  const { text, start } = useStream({ url, fetch: server.fetch })
  useEffect(() => {
    start({ json: { prompt: 'Hi' } })
  }, [start])
  return text
}

test('strict mode sends a request once that an effect makes twice', async () => {
  const clock = fakeClock()
  const server = backend()
  const { container } = render(h(StrictMode, null, h(StartsOnMount, { server })))
  await clock.pass(0)
  expect(server.answers).toHaveLength(1)
  server.last().send([{ text: 'Hello' }])
  await clock.pass(0)
  await clock.pass(34)
  expect(container.textContent).toBe('Hello')
})

type Answer = ReturnType<typeof useStream>

function AnswerProbe({ server, seen }: { server: Backend; seen: Answer[] }) {
  const answer = useStream({ url, fetch: server.fetch, json: { prompt: 'default' } })
  seen.push(answer)
  return `${answer.status}: ${answer.text}${answer.error?.code ?? ''}`
}

test('useStream shows one answer, and the next in its place', async () => {
  const clock = fakeClock()
  const server = backend()
  const seen: Answer[] = []
  const { container } = render(h(AnswerProbe, { server, seen }))
  const [answer] = seen
  expect(container.textContent).toBe('idle: ')
  answer?.start()
  await clock.pass(0)
  expect(container.textContent).toBe('submitted: ')
  expect(server.last().calls[0]?.init.body).toBe('{"prompt":"default"}')
  server.last().send([{ text: 'Hello' }, '[DONE]'])
  await clock.pass(0)
  expect(container.textContent).toBe('idle: Hello')
  answer?.start({ json: { prompt: 'other' } })
  await clock.pass(0)
  expect(server.last().calls[0]?.init.body).toBe('{"prompt":"other"}')
  expect(container.textContent).toBe('submitted: ')
  server.last().send([{ text: 'Hey' }])
  await clock.pass(0)
  answer?.stop()
  await clock.pass(0)
  expect(container.textContent).toBe('idle: Hey')
  answer?.start()
  await clock.pass(0)
  server.last().fail(new TypeError('reset by the test'))
  await clock.pass(0)
  expect(container.textContent).toBe('error: network')
})

interface Shared {
  chat: ReturnType<typeof createChat>
}

const Last = ({ chat }: Shared) => useSnapshot(chat).messages.at(-1)?.text
const State = ({ chat }: Shared) => ` ${useSnapshot(chat).status}`

test('a chat that lives elsewhere is shared, and outlives the components that show it', async () => {
  const clock = fakeClock()
  const server = backend()
  const chat = createChat({ url, fetch: server.fetch })
  const counted = countedChat(chat)
  const { container, unmount } = render([
    h(Last, { key: 1, chat: counted }),
    h(State, { key: 2, chat: counted }),
  ])
  expect(counted.subscriptions()).toBe(2)
  chat.send('Hi')
  await clock.pass(0)
  expect(container.textContent).toBe('Hi submitted')
  unmount()
  expect(counted.subscriptions()).toBe(0)
  server.last().send([{ text: 'Hello' }, '[DONE]'])
  await clock.pass(0)
  expect(chat.get().messages.at(-1)).toMatchObject({ text: 'Hello', status: 'done' })
})

function StatusOnly({ chat, renders }: Shared & { renders: string[] }) {
  const status = useSnapshot(chat, (snapshot) => snapshot.status)
  renders.push(status)
  return status
}

test('a component that selects the status is rendered when that changes', async () => {
  const clock = fakeClock()
  const server = backend()
  const chat = createChat({ url, fetch: server.fetch })
  const renders: string[] = []
  render(h(StatusOnly, { chat, renders }))
  chat.send('Hi')
  await clock.pass(0)
  for (let frame = 0; frame < 5; frame += 1) {
    server.last().send([{ text: 'a' }])
    await clock.pass(0)
    await clock.pass(34)
  }
  expect(chat.get().messages[1]?.text).toBe('aaaaa')
  expect(renders).toEqual(['idle', 'submitted', 'streaming'])
})

function Own() {
  const { messages } = useChat({ url, messages: ['Hi there'] })
  return h('b', null, messages.at(-1)?.text)
}

test('what a server rendered is hydrated as it is, and then goes on from there', async () => {
  const server = backend()
  const chat = createChat({ url, fetch: server.fetch, messages: ['Hi'] })
  const page = h('p', null, h(Last, { chat }), h(Own))
  const html = renderToString(page)
  // The chat has gone on by the time that the page is hydrated.
  chat.setMessages(['Hi', 'Anyone?'])
  const { container } = render(page, html)
  await expect.poll(() => container.textContent).toBe('Anyone?Hi there')
})

function CoreProbe({ server, seen }: ProbeProps) {
  const chat = useStore(createCoreChat, { url, fetch: server.fetch, format: plain })
  seen.push(chat)
  return chat.messages.at(-1)?.text
}

test('useStore takes a chat that brings no formats with it', async () => {
  const clock = fakeClock()
  const server = backend()
  const seen: Chat[] = []
  const { container } = render(h(CoreProbe, { server, seen }))
  seen[0]?.send('Hi')
  await clock.pass(0)
  server.last().send([{ text: 'Hello' }, '[DONE]'])
  await clock.pass(0)
  expect(container.textContent).toBe('Hello')
})
