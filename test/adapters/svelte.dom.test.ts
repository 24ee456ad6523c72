import { createChat as createNeutralChat } from 'chatwire/chat'
import { createChat as createCoreChat } from 'chatwire/chat/core'
import { plain } from 'chatwire/formats'
import { createChat, createStream, toReactive } from 'chatwire/svelte'
import { flushSync, mount, unmount } from 'svelte'
import { get } from 'svelte/store'
import { expect, onTestFinished, test } from 'vitest'
import { backend } from '../chat/backend.ts'
import { fakeClock } from '../helpers/clock.ts'
import { url } from '../transport/feed.ts'
import Runes from './Runes.svelte'
import Shared from './Shared.svelte'
import Store from './Store.svelte'

type SvelteChat = ReturnType<typeof createChat>
type SvelteAnswer = ReturnType<typeof createStream>

/** Mounts into a page of its own. */
function show(component: typeof Runes, props: Record<string, unknown>) {
  const target = document.createElement('div')
  document.body.append(target)
  const mounted = mount(component, { target, props })
  flushSync()
  let isMounted = true
  const leave = (): void => {
    if (isMounted) unmount(mounted)
    isMounted = false
  }
  onTestFinished(() => {
    leave()
    target.remove()
  })
  return {
    text: () => {
      flushSync()
      return target.textContent
    },
    leave,
  }
}

test('a component shows the answer as it streams, by runes, once per frame', async () => {
  const clock = fakeClock()
  const server = backend()
  const made: SvelteChat[] = []
  const runs: string[] = []
  const { text } = show(Runes, { options: { url, fetch: server.fetch }, made, runs })
  expect(text()).toBe('idle: ')
  made[0]?.send('Hi')
  await clock.pass(0)
  expect(text()).toBe('submitted: Hi')
  for (const piece of ['a', 'b']) {
    server.last().send(...Array.from({ length: 100 }, () => [{ text: piece }]))
    await clock.pass(0)
    await clock.pass(34)
  }
  expect(text()).toBe(`streaming: ${'a'.repeat(100)}${'b'.repeat(100)}`)
  server.last().send(['[DONE]'])
  await clock.pass(0)
  flushSync()
  expect(runs).toEqual([
    'idle: ',
    'submitted: Hi',
    `streaming: ${'a'.repeat(100)}`,
    `streaming: ${'a'.repeat(100)}${'b'.repeat(100)}`,
    `idle: ${'a'.repeat(100)}${'b'.repeat(100)}`,
  ])
})

test('a component shows one answer, and the next in its place, as a store', async () => {
  const clock = fakeClock()
  const server = backend()
  const made: SvelteAnswer[] = []
  const { text } = show(Store, { options: { url, fetch: server.fetch }, made })
  expect(text()).toBe('idle: ')
  made[0]?.start({ json: { prompt: 'Hi' } })
  await clock.pass(0)
  expect(server.last().calls[0]?.init.body).toBe('{"prompt":"Hi"}')
  server.last().send([{ text: 'Hello' }, '[DONE]'])
  await clock.pass(0)
  expect(text()).toBe('idle: Hello')
  made[0]?.start({ json: {} })
  await clock.pass(0)
  expect(text()).toBe('submitted: ')
  server.last().fail(new TypeError('reset by the test'))
  await clock.pass(0)
  expect(text()).toBe('error: network')
})

test('destroying the component in mid-answer closes the connection and leaves no timer', async () => {
  const clock = fakeClock()
  const server = backend()
  const made: SvelteChat[] = []
  const { leave } = show(Runes, { options: { url, fetch: server.fetch }, made })
  made[0]?.send('Hi')
  await clock.pass(0)
  server.last().send([{ text: 'Hel' }])
  await clock.pass(0)
  leave()
  flushSync()
  await clock.pass(0)
  expect(server.last().cancels).toHaveLength(1)
  expect(clock.timers()).toBe(0)
})

test('a chat that lives elsewhere outlives the components that show it', async () => {
  const clock = fakeClock()
  const server = backend()
  const chat = createChat({ url, fetch: server.fetch })
  const { text, leave } = show(Shared as typeof Runes, { chat })
  chat.send('Hi')
  await clock.pass(0)
  expect(text()).toBe('Hi')
  leave()
  await clock.pass(0)
  server.last().send([{ text: 'Hello' }, '[DONE]'])
  await clock.pass(0)
  expect(chat.messages.at(-1)).toMatchObject({ text: 'Hello', status: 'done' })
  expect(show(Shared as typeof Runes, { chat }).text()).toBe('Hello')
})

test('it is a store: subscribing tells the state at once, and svelte/store reads it', () => {
  const chat = createChat({ url, messages: ['Hi'] })
  const lengths: number[] = []
  const unsubscribe = chat.subscribe(({ messages }) => lengths.push(messages.length))
  chat.clear()
  unsubscribe()
  chat.setMessages(['a', 'b'])
  expect(lengths).toEqual([1, 0])
  expect(get(chat)).toBe(chat.get())
  expect(get(createStream({ url })).text).toBe('')
})

test('toReactive takes any store, one that brings no formats with it for example', () => {
  const chat = toReactive(createCoreChat({ url, format: plain, messages: ['Hi'] }))
  expect(show(Shared as typeof Runes, { chat }).text()).toBe('Hi')
  const neutral = createNeutralChat({ url })
  const { text } = show(Shared as typeof Runes, { chat: toReactive(neutral) })
  neutral.setMessages(['Hello'])
  expect(text()).toBe('Hello')
})
