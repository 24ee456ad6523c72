import { type ChatEvent, collect, streamChat } from 'chatwire'
import { expect, inject, test } from 'vitest'
import { xhrFetch } from '../../examples/react-native/xhr.ts'
import type { RequestState } from './server.ts'

const server = inject('serverUrl')
const json = { messages: [{ role: 'user', content: 'Hi' }], stream: true }
const hello = { type: 'text', text: 'Hello, ' }

async function read(path: string, options: { signal?: AbortSignal } = {}): Promise<ChatEvent[]> {
  const events: ChatEvent[] = []
  const stream = streamChat({ url: `${server}${path}`, json, fetch: xhrFetch, ...options })
  for await (const event of stream) events.push(event)
  return events
}

async function stateOf(id: string): Promise<RequestState> {
  return (await fetch(`${server}/state?id=${id}`)).json()
}

test('an answer cut anywhere by the network arrives whole, while it is being written', async () => {
  const events = await read('/whole')
  const texts = events.flatMap((event) => (event.type === 'text' ? [event.text] : []))
  expect(texts.join('')).toBe('Hello, wörld 👋🏽')
  expect(texts.length).toBeGreaterThan(1)
  expect(events.at(-1)).toMatchObject({ type: 'done', finishReason: 'stop', model: 'test-model' })
  expect(events).toHaveLength(texts.length + 1)
})

test('it sends what fetch sends: the method, the headers and the body', async () => {
  const { text } = await collect(streamChat({ url: `${server}/echo`, json, fetch: xhrFetch }))
  expect(JSON.parse(text)).toEqual({
    method: 'POST',
    accept: 'text/event-stream',
    contentType: 'application/json',
    body: JSON.stringify(json),
  })
})

test('an abort during a stall ends at once as aborted and closes the connection', async () => {
  const abort = new AbortController()
  const events: ChatEvent[] = []
  const url = `${server}/stall?id=xhr-abort`
  for await (const event of streamChat({ url, json, fetch: xhrFetch, signal: abort.signal })) {
    events.push(event)
    if (event.type === 'text') setTimeout(() => abort.abort(), 20)
  }
  expect(events).toMatchObject([hello, { type: 'done', finishReason: 'aborted', text: 'Hello, ' }])
  expect(events).toHaveLength(2)
  expect(await stateOf('xhr-abort')).toEqual({ requests: 1, closed: true })
})

test('an abort before the headers closes the connection too', async () => {
  const abort = new AbortController()
  setTimeout(() => abort.abort(), 100)
  const events = await read('/silent?id=xhr-silent', { signal: abort.signal })
  expect(events).toMatchObject([{ type: 'done', finishReason: 'aborted' }])
  expect(await stateOf('xhr-silent')).toEqual({ requests: 1, closed: true })
})

test('a signal that is aborted already sends nothing', async () => {
  const events = await read('/stall?id=xhr-none', { signal: AbortSignal.abort() })
  expect(events).toMatchObject([{ type: 'done', finishReason: 'aborted' }])
  expect(await stateOf('xhr-none')).toEqual({ requests: 0, closed: false })
})

test('leaving the loop closes the connection', async () => {
  const stream = streamChat({ url: `${server}/stall?id=xhr-break`, json, fetch: xhrFetch })
  for await (const event of stream) {
    expect(event).toEqual(hello)
    break
  }
  expect(await stateOf('xhr-break')).toEqual({ requests: 1, closed: true })
})

test('a refusal is an http error with its status and the words of the provider', async () => {
  const events = await read('/denied')
  expect(events.map(({ type }) => type)).toEqual(['error', 'done'])
  expect(events[0]).toMatchObject({
    error: {
      code: 'http',
      status: 401,
      providerCode: 'invalid_api_key',
      message: expect.stringContaining('Incorrect API key provided'),
    },
  })
})

test('an HTML page with status 200 is a content-type error', async () => {
  const events = await read('/login')
  expect(events.map(({ type }) => type)).toEqual(['error', 'done'])
  expect(events[0]).toMatchObject({
    error: { code: 'content-type', body: expect.stringContaining('Log in') },
  })
})

test('a connection that is lost is a network error after the text that came', async () => {
  const events = await read('/reset')
  expect(events.map(({ type }) => type)).toEqual(['text', 'error', 'done'])
  expect(events[0]).toEqual(hello)
  expect(events[1]).toMatchObject({ error: { code: 'network' } })
})

test('a body that ends before the answer does is truncated', async () => {
  const events = await read('/cut')
  expect(events.map(({ type }) => type)).toEqual(['text', 'error', 'done'])
  expect(events[1]).toMatchObject({ error: { code: 'truncated' } })
})

test('a server that is not there is a network error', async () => {
  // Nothing listens on the discard port, and Chromium does not ask.
  const url = 'http://127.0.0.1:9/'
  const events: ChatEvent[] = []
  for await (const event of streamChat({ url, json, fetch: xhrFetch })) events.push(event)
  expect(events.map(({ type }) => type)).toEqual(['error', 'done'])
  expect(events[0]).toMatchObject({ error: { code: 'network' } })
})

test('what it cannot send is an error, and no request', async () => {
  for (const init of [
    { url: new Request(`${server}/echo?id=xhr-request`, { method: 'POST', body: 'x' }) },
    { url: `${server}/echo?id=xhr-request`, method: 'POST', body: new Uint8Array(1) },
  ]) {
    const [error] = await Array.fromAsync(streamChat({ ...init, fetch: xhrFetch }))
    expect(error).toMatchObject({ error: { code: 'network', cause: expect.any(TypeError) } })
  }
  expect(await stateOf('xhr-request')).toEqual({ requests: 0, closed: false })
})
