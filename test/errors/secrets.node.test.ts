import { inspect } from 'node:util'
import { type ChatError, type ChatInit, streamChat } from 'chatwire'
import { expect, test } from 'vitest'
import { sse } from '../helpers/encode.ts'
import { run } from '../helpers/run.ts'
import { errorOf } from '../transport/brief.ts'

const key = 'sk-live-0123456789'
const prompt = 'my secret prompt'
const query = 'token=hidden-in-the-url'
const answer = 'the words of the answer'

const request: ChatInit = {
  url: `https://chat.test/answer?${query}`,
  headers: { authorization: `Bearer ${key}`, 'x-api-key': key },
  json: { messages: [{ role: 'user', content: prompt }] },
  maxEventSize: 200,
}

const stream = (body: string) =>
  new Response(body, { headers: { 'content-type': 'text/event-stream' } })
const text = sse([{ text: answer }])

/** One way to each error code. */
const failures: Record<string, (() => Promise<Response>) | Partial<ChatInit>> = {
  http: async () => new Response('no', { status: 401 }),
  'content-type': async () => new Response('<p>', { headers: { 'content-type': 'text/html' } }),
  network: () => Promise.reject(new TypeError('fetch failed')),
  timeout: { fetch: () => new Promise(() => {}), timeout: { response: 5 } },
  truncated: async () => stream(`${text}data: {"text":`),
  malformed: async () => stream(`${text}data: {"text":\n\n`),
  provider: async () => stream(`${text}data: {"error":"overloaded"}\n\n`),
  'too-large': async () => stream(`${text}data: ${'x'.repeat(300)}`),
  callback: {
    fetch: async () => stream(text),
    onFrame() {
      throw new Error('tap')
    },
  },
}

for (const [code, failure] of Object.entries(failures)) {
  test(`an error of code ${code} shows neither the key, the prompt, the query nor the answer`, async () => {
    const options = typeof failure === 'function' ? { fetch: failure } : failure
    const error: ChatError = errorOf(await run(streamChat({ ...request, ...options })))
    expect(error.code).toBe(code)
    const shown = [error.message, `${error}`, error.stack, JSON.stringify(error), inspect(error)]
    for (const secret of [key, prompt, query, answer]) {
      for (const text of shown) expect(text).not.toContain(secret)
    }
  })
}

test('nothing is logged, whatever fails', async () => {
  const logged: unknown[] = []
  const { console: original } = globalThis
  const log = (...args: unknown[]) => void logged.push(args)
  globalThis.console = new Proxy(original, { get: () => log })
  try {
    for (const failure of Object.values(failures)) {
      const options = typeof failure === 'function' ? { fetch: failure } : failure
      await run(streamChat({ ...request, ...options }))
    }
  } finally {
    globalThis.console = original
  }
  expect(logged).toEqual([])
})
