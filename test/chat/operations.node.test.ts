import type { ChatEvent, ChatStream } from 'chatwire'
import type { ChatOptions, ChatSnapshot, Notify } from 'chatwire/chat'
import { awaitedToolCalls, createChat } from 'chatwire/chat'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { counter, eventsOf } from './backend.ts'

/** An answer that the test writes as it goes. */
function answer() {
  const events: ChatEvent[] = []
  let wake: () => void = () => {}
  const closed = Promise.withResolvers<void>()
  /** `text` is what was read of it. */
  const state = { isOpen: true, text: '' }
  const stream = {
    async next() {
      while (state.isOpen && events.length === 0) {
        await Promise.race([closed.promise, new Promise<void>((resolve) => (wake = resolve))])
      }
      const value = events.shift()
      if (value?.type === 'done') state.isOpen = false
      if (value?.type === 'text') state.text += value.text
      return value === undefined ? { done: true, value } : { done: false, value }
    },
    async return() {
      state.isOpen = false
      events.length = 0
      closed.resolve()
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]: () => stream,
  } as ChatStream
  return {
    state,
    stream,
    say(event: ChatEvent) {
      events.push(event)
      wake()
    },
  }
}

/** What must hold of every state, and from one to the next, but for messages that were edited. */
function check(before: ChatSnapshot, after: ChatSnapshot, edited: ReadonlySet<string>): void {
  expect(after.error !== undefined).toBe(after.status === 'error')
  const written = after.messages.filter(({ status }) => status === 'streaming')
  expect(written).toEqual(after.status === 'streaming' ? [after.messages.at(-1)] : [])
  for (const message of after.messages) {
    const known = before.messages.find(({ id }) => id === message.id)
    if (known === undefined || known === message || edited.has(message.id)) continue
    expect(message).not.toEqual(known)
    expect(message.text.startsWith(known.text)).toBe(true)
    for (const [index, part] of known.parts.entries()) {
      if (message.parts[index] !== part) expect(message.parts[index]).not.toEqual(part)
    }
  }
}

function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return
  Object.freeze(value)
  for (const inner of Object.values(value)) freeze(inner)
}

const operations = ['send', 'ask', 'regenerate', 'regenerateOne', 'edit', 'results'] as const
const ends = ['stop', 'clear', 'drop', 'finish', 'abort', 'garbage'] as const
const contents = ['text', 'text', 'emoji', 'call', 'data'] as const
type Operation = (typeof operations | typeof ends | typeof contents)[number]
const operation = fc.constantFrom<Operation[]>(...operations, ...ends, ...contents, ...contents)

const options: fc.Arbitrary<Partial<ChatOptions>> = fc.record(
  {
    notify: fc.constantFrom<Notify[]>('sync', 'frame', { throttleMs: 5 }),
    pace: fc.constantFrom(false, true, { unit: 'word' as const, maxLagMs: 50 }),
    buffer: fc.constantFrom('word' as const, 'line' as const, 3),
    sendToolResults: fc.boolean(),
  },
  { requiredKeys: [] },
)

test('whatever is done when, every state is sound, and after a stop nothing is left', async () => {
  vi.useFakeTimers()
  const [finished] = (await Array.fromAsync(eventsOf([]))) as [ChatEvent]
  const [aborted] = (await Array.fromAsync(eventsOf([], { finishReason: 'aborted' }))) as [
    ChatEvent,
  ]
  try {
    await fc.assert(
      fc.asyncProperty(
        options,
        fc.array(fc.tuple(operation, fc.nat(40)), { maxLength: 40 }),
        async (options, steps) => {
          const answers: ReturnType<typeof answer>[] = []
          const request = () => {
            answers.push(answer())
            return (answers.at(-1) as ReturnType<typeof answer>).stream
          }
          const chat = createChat({ ...options, request, generateId: counter() })
          const told = [chat.get()]
          chat.subscribe((snapshot) => {
            if (snapshot === chat.get()) told.push(snapshot)
            freeze(snapshot.messages)
          })
          const edited = new Set<string>()
          const promises: Promise<void>[] = []
          let count = 0
          const say = (event: ChatEvent) => answers.at(-1)?.say(event)
          const withOne = (ask: (id: string) => Promise<void>) => {
            const id = chat.get().messages.at(-2)?.id
            if (id !== undefined) promises.push(ask(id))
          }
          const run: Record<Operation, () => unknown> = {
            send: () => promises.push(chat.send(`question ${count}`)),
            ask: () => promises.push(chat.send()),
            regenerate: () => promises.push(chat.regenerate()),
            regenerateOne: () => withOne(chat.regenerate),
            edit: () =>
              withOne((id) => {
                edited.add(id)
                return chat.edit(id, `edit ${count}`)
              }),
            results() {
              for (const { id } of awaitedToolCalls(chat.get().messages.at(-1))) {
                chat.addToolResult({ id, output: count })
              }
            },
            stop: chat.stop,
            clear: chat.clear,
            drop: () => chat.setMessages((messages) => messages.slice(1)),
            finish: () => say(finished),
            abort: () => say(aborted),
            garbage: () => say(null as never),
            text: () => say({ type: 'text', text: `text ${count} ` }),
            emoji: () => say({ type: 'reasoning', text: '👩‍👩‍👧\ud83d' }),
            call: () =>
              say({ type: 'tool-call', id: `c${count}`, name: 'f', input: 1, inputText: '1' }),
            data: () => say({ type: 'data', name: 'n', id: 'same', data: count }),
          }
          for (const [operation, waitMs] of steps) {
            count += 1
            run[operation]()
            if (waitMs > 30) await Promise.resolve()
            else await vi.advanceTimersByTimeAsync(waitMs)
          }
          await vi.advanceTimersByTimeAsync(0)
          const { isOpen = false, text = '' } = answers.at(-1)?.state ?? {}
          chat.stop()
          if (isOpen && text !== '') expect(chat.get().messages.at(-1)).toMatchObject({ text })
          await Promise.all(promises)
          await vi.advanceTimersByTimeAsync(0)
          for (const [index, before] of told.slice(0, -1).entries()) {
            check(before, told[index + 1] as ChatSnapshot, edited)
          }
          expect(told.at(-1)).toBe(chat.get())
          expect(chat.get().status).toMatch(/^(?:idle|error)$/)
          expect(answers.filter(({ state }) => state.isOpen)).toEqual([])
          expect(vi.getTimerCount()).toBe(0)
        },
      ),
      { numRuns: 500 },
    )
  } finally {
    vi.useRealTimers()
  }
})
