import { createChat } from 'chatwire/chat'
import { createChat as createCoreChat } from 'chatwire/chat/core'
import { plain } from 'chatwire/formats'
import { useChat, useSnapshot, useStore, useStream } from 'chatwire/vue'
import { expect, onTestFinished, test, vi } from 'vitest'
import {
  createApp,
  createSSRApp,
  defineComponent,
  effectScope,
  h,
  KeepAlive,
  nextTick,
  type Ref,
  ref,
} from 'vue'
import { renderToString } from 'vue/server-renderer'
import { type Backend, backend } from '../chat/backend.ts'
import { fakeClock } from '../helpers/clock.ts'
import { url } from '../transport/feed.ts'

/** Mounts into a page of its own; what Vue complains about fails the test. */
function mount(component: object, html?: string) {
  const complaints = vi.spyOn(console, 'warn')
  const container = document.createElement('div')
  document.body.append(container)
  if (html !== undefined) container.innerHTML = html
  const app = html === undefined ? createApp(component) : createSSRApp(component)
  app.mount(container)
  onTestFinished(() => {
    app.unmount()
    container.remove()
    expect(complaints).not.toHaveBeenCalled()
    complaints.mockRestore()
  })
  return { container, unmount: () => app.unmount() }
}

/** A component that shows the last message, and hands out what the composable returned. */
function probe(server: Backend, tenant: Ref<string> = ref('1')) {
  const made: ReturnType<typeof useChat>[] = []
  let renders = 0
  const component = defineComponent(() => {
    const chat = useChat(() => ({
      url,
      fetch: server.fetch,
      headers: { 'x-tenant': tenant.value },
    }))
    made.push(chat)
    return () => {
      renders += 1
      return h('p', `${chat.status.value}: ${chat.messages.value.at(-1)?.text ?? ''}`)
    }
  })
  const chat = () => {
    const last = made.at(-1)
    if (last === undefined) throw new Error('nothing was mounted')
    return last
  }
  return { component, chat, made, renders: () => renders }
}

test('a component shows the answer as it streams, rendered once per frame', async () => {
  const clock = fakeClock()
  const server = backend()
  const { component, chat, renders } = probe(server)
  const { container } = mount(component)
  expect(container.textContent).toBe('idle: ')
  expect(renders()).toBe(1)
  chat().send('Hi')
  await clock.pass(0)
  expect(container.textContent).toBe('submitted: Hi')
  expect(renders()).toBe(2)
  for (const [frame, text] of ['a', 'b'].entries()) {
    server.last().send(...Array.from({ length: 100 }, () => [{ text }]))
    await clock.pass(0)
    await clock.pass(34)
    expect(renders()).toBe(3 + frame)
  }
  expect(container.textContent).toBe(`streaming: ${'a'.repeat(100)}${'b'.repeat(100)}`)
  server.last().send(['[DONE]'])
  await clock.pass(0)
  expect(container.textContent).toBe(`idle: ${'a'.repeat(100)}${'b'.repeat(100)}`)
  expect(renders()).toBe(5)
})

test('what reads only the status is not rendered for every piece of text', async () => {
  const clock = fakeClock()
  const server = backend()
  let renders = 0
  const made: ReturnType<typeof useChat>[] = []
  mount(
    defineComponent(() => {
      const chat = useChat({ url, fetch: server.fetch })
      made.push(chat)
      return () => {
        renders += 1
        return chat.status.value
      }
    }),
  )
  made[0]?.send('Hi')
  await clock.pass(0)
  for (let frame = 0; frame < 5; frame += 1) {
    server.last().send([{ text: 'a' }])
    await clock.pass(0)
    await clock.pass(34)
  }
  expect(made[0]?.messages.value.at(-1)?.text).toBe('aaaaa')
  // idle, submitted, streaming
  expect(renders).toBe(3)
})

test('unmounting in mid-answer closes the connection and leaves no timer', async () => {
  const clock = fakeClock()
  const server = backend()
  const { component, chat } = probe(server)
  const { unmount } = mount(component)
  chat().send('Hi')
  await clock.pass(0)
  server.last().send([{ text: 'Hel' }])
  await clock.pass(0)
  unmount()
  await clock.pass(0)
  expect(server.last().cancels).toHaveLength(1)
  expect(clock.timers()).toBe(0)
})

test('kept alive but not shown, the answer goes on, and is there when it is shown again', async () => {
  const clock = fakeClock()
  const server = backend()
  const { component, chat, made } = probe(server)
  const isShown = ref(true)
  const { container } = mount({
    render: () => h(KeepAlive, () => (isShown.value ? h(component) : h('i', 'elsewhere'))),
  })
  chat().send('Hi')
  await clock.pass(0)
  isShown.value = false
  await nextTick()
  expect(container.textContent).toBe('elsewhere')
  server.last().send([{ text: 'Hello' }, '[DONE]'])
  await clock.pass(0)
  isShown.value = true
  await nextTick()
  expect(container.textContent).toBe('idle: Hello')
  expect(made).toHaveLength(1)
})

test('other options do not start anything again; the next request takes them', async () => {
  const clock = fakeClock()
  const server = backend()
  const tenant = ref('1')
  const { component, chat } = probe(server, tenant)
  const { container } = mount(component)
  chat().send('Hi')
  await clock.pass(0)
  server.last().send([{ text: 'Hel' }])
  tenant.value = '2'
  await clock.pass(34)
  expect(container.textContent).toBe('streaming: Hel')
  expect(server.answers).toHaveLength(1)
  chat().send('Bye')
  await clock.pass(0)
  const tenants = server.answers.map(({ calls }) =>
    new Headers(calls[0]?.init.headers).get('x-tenant'),
  )
  expect(tenants).toEqual(['1', '2'])
})

test('useStream shows one answer, and the next in its place', async () => {
  const clock = fakeClock()
  const server = backend()
  const made: ReturnType<typeof useStream>[] = []
  const { container } = mount(
    defineComponent(() => {
      const answer = useStream({ url, fetch: server.fetch })
      made.push(answer)
      return () => `${answer.status.value}: ${answer.text.value}${answer.error.value?.code ?? ''}`
    }),
  )
  const [answer] = made
  answer?.start({ json: { prompt: 'Hi' } })
  await clock.pass(0)
  expect(server.last().calls[0]?.init.body).toBe('{"prompt":"Hi"}')
  server.last().send([{ text: 'Hello' }, '[DONE]'])
  await clock.pass(0)
  expect(container.textContent).toBe('idle: Hello')
  answer?.start({ json: {} })
  await clock.pass(0)
  expect(container.textContent).toBe('submitted: ')
  server.last().fail(new TypeError('reset by the test'))
  await clock.pass(0)
  expect(container.textContent).toBe('error: network')
})

test('a chat that lives elsewhere is shared, and outlives the scopes that show it', async () => {
  const clock = fakeClock()
  const server = backend()
  const chat = createChat({ url, fetch: server.fetch })
  const scope = effectScope()
  const snapshot = scope.run(() => useSnapshot(chat))
  chat.send('Hi')
  await clock.pass(0)
  expect(snapshot?.value).toBe(chat.get())
  scope.stop()
  const last = snapshot?.value
  server.last().send([{ text: 'Hello' }, '[DONE]'])
  await clock.pass(0)
  expect(chat.get().messages.at(-1)).toMatchObject({ text: 'Hello', status: 'done' })
  expect(snapshot?.value).toBe(last)
})

test('disposing of its scope in mid-answer leaves refs that say that it was stopped', async () => {
  const clock = fakeClock()
  const server = backend()
  const scope = effectScope()
  const chat = scope.run(() => useChat({ url, fetch: server.fetch, notify: 'sync' }))
  chat?.send('Hi')
  await clock.pass(0)
  server.last().send([{ text: 'Hel' }])
  await clock.pass(0)
  expect(chat?.status.value).toBe('streaming')
  scope.stop()
  expect(chat?.status.value).toBe('idle')
  expect(chat?.messages.value.at(-1)).toMatchObject({ text: 'Hel', status: 'stopped' })
})

test('what a server rendered is hydrated as it is', async () => {
  const component = defineComponent(() => {
    const { messages } = useChat({ url, messages: ['Hi there'] })
    return () => h('b', messages.value.at(-1)?.text)
  })
  const html = await renderToString(createSSRApp(component))
  expect(html).toBe('<b>Hi there</b>')
  const { container } = mount(component, html)
  expect(container.innerHTML).toBe(html)
})

test('useStore takes a chat that brings no formats with it', async () => {
  const clock = fakeClock()
  const server = backend()
  const scope = effectScope()
  onTestFinished(() => scope.stop())
  const chat = scope.run(() =>
    useStore(createCoreChat, { url, fetch: server.fetch, format: plain }),
  )
  chat?.send('Hi')
  await clock.pass(0)
  server.last().send([{ text: 'Hello' }, '[DONE]'])
  await clock.pass(0)
  expect(chat?.get().messages.at(-1)?.text).toBe('Hello')
})
