import { type ChatEvent, streamChat } from 'chatwire'
import { expect, inject, test } from 'vitest'
import type { RequestState } from './server.ts'

const server = inject('serverUrl')
const json = { messages: [{ role: 'user', content: 'Hi' }], stream: true }

/** Reads a stream to its end; tells what came, in order. */
async function read(events: AsyncIterable<ChatEvent>) {
  const all: ChatEvent[] = []
  for await (const event of events) all.push(event)
  const text = all.map((event) => (event.type === 'text' ? event.text : '')).join('')
  const last = all.at(-1)
  if (last?.type !== 'done') throw new Error('the last event is not done')
  const errors = all.flatMap((event) => (event.type === 'error' ? [event.error] : []))
  return {
    all,
    text,
    errors,
    done: last,
    dones: all.filter((event) => event.type === 'done').length,
  }
}

async function stateOf(id: string): Promise<RequestState> {
  const response = await fetch(`${server}/state?id=${id}`)
  return response.json()
}

test('an answer cut anywhere by the network arrives whole, while it is being written', async () => {
  const { text, all, done, dones, errors } = await read(
    streamChat({ url: `${server}/whole`, json }),
  )
  expect(text).toBe('Hello, wörld 👋🏽')
  expect(all.filter((event) => event.type === 'text').length).toBeGreaterThan(1)
  expect(errors).toEqual([])
  expect(dones).toBe(1)
  expect(done).toMatchObject({
    finishReason: 'stop',
    text,
    model: 'test-model',
    usage: { inputTokens: 5, outputTokens: 4, totalTokens: 9 },
  })
})

test('a stream that is never read sends no request', async () => {
  streamChat({ url: `${server}/whole?id=unread`, json })
  expect(await stateOf('unread')).toEqual({ requests: 0, closed: false })
})

test('an abort during a stall ends at once as aborted and closes the connection', async () => {
  const controller = new AbortController()
  let abortedAt = Number.NaN
  const events = streamChat({
    url: `${server}/stall?id=abort`,
    json,
    signal: controller.signal,
  })
  const seen: ChatEvent[] = []
  for await (const event of events) {
    seen.push(event)
    if (event.type === 'text') {
      // After the loop waits for the next event again.
      setTimeout(() => {
        abortedAt = performance.now()
        controller.abort()
      }, 20)
    }
  }
  expect(performance.now() - abortedAt).toBeLessThan(100)
  expect(seen).toMatchObject([
    { type: 'text', text: 'Hello, ' },
    { type: 'done', finishReason: 'aborted', text: 'Hello, ' },
  ])
  expect(seen).toHaveLength(2)
  expect(await stateOf('abort')).toEqual({ requests: 1, closed: true })
})

test('leaving the loop closes the connection', async () => {
  let count = 0
  for await (const event of streamChat({ url: `${server}/stall?id=break`, json })) {
    expect(event).toEqual({ type: 'text', text: 'Hello, ' })
    count += 1
    break
  }
  expect(count).toBe(1)
  expect(await stateOf('break')).toEqual({ requests: 1, closed: true })
})

test('return() while a read is stalled resolves the pending next() and closes', async () => {
  const events = streamChat({ url: `${server}/stall?id=return`, json })
  expect(await events.next()).toEqual({ done: false, value: { type: 'text', text: 'Hello, ' } })
  const pending = events.next()
  expect(await events.return()).toEqual({ done: true, value: undefined })
  expect(await pending).toEqual({ done: true, value: undefined })
  expect(await stateOf('return')).toEqual({ requests: 1, closed: true })
})

test('a refusal is an http error with its status and the words of the provider', async () => {
  const { all, errors, done } = await read(streamChat({ url: `${server}/denied`, json }))
  expect(all.map((event) => event.type)).toEqual(['error', 'done'])
  expect(errors[0]).toMatchObject({ code: 'http', status: 401, retryable: false })
  expect(errors[0]?.message).toContain('Incorrect API key provided')
  expect(done).toMatchObject({ finishReason: 'error', text: '' })
})

test('an HTML page with status 200 is a content-type error', async () => {
  const { all, errors } = await read(streamChat({ url: `${server}/login`, json }))
  expect(all.map((event) => event.type)).toEqual(['error', 'done'])
  expect(errors[0]).toMatchObject({
    code: 'content-type',
    contentType: expect.stringContaining('text/html'),
    body: expect.stringContaining('Log in'),
  })
})

test('a reset after some text is an error that keeps the text', async () => {
  const { all, text, errors, done } = await read(streamChat({ url: `${server}/reset`, json }))
  expect(all.map((event) => event.type)).toEqual(['text', 'error', 'done'])
  expect(text).toBe('Hello, ')
  expect(errors[0]?.code).toMatch(/^(network|truncated)$/)
  expect(done).toMatchObject({ finishReason: 'error', text: 'Hello, ' })
})

test('a body that ends before the answer does is truncated', async () => {
  const { all, errors, done } = await read(streamChat({ url: `${server}/cut`, json }))
  expect(all.map((event) => event.type)).toEqual(['text', 'error', 'done'])
  expect(errors[0]?.code).toBe('truncated')
  expect(done).toMatchObject({ finishReason: 'error', text: 'Hello, ' })
})

test('AbortSignal.timeout() is a timeout error of phase signal and keeps the text', async () => {
  const events = streamChat({
    url: `${server}/stall?id=timeout`,
    json,
    signal: AbortSignal.timeout(300),
  })
  const { all, errors, done } = await read(events)
  expect(all.map((event) => event.type)).toEqual(['text', 'error', 'done'])
  expect(errors[0]).toMatchObject({ code: 'timeout', phase: 'signal' })
  expect(done).toMatchObject({ finishReason: 'error', text: 'Hello, ' })
  expect(await stateOf('timeout')).toEqual({ requests: 1, closed: true })
})
