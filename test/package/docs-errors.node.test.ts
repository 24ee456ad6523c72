import { readFile } from 'node:fs/promises'
import { type ChatStream, readChat, streamChat } from 'chatwire'
import { select } from 'chatwire/formats'
import { describe, expect, test } from 'vitest'
import { run } from '../helpers/run.ts'
import { errorOf } from '../transport/brief.ts'

const page = await readFile('docs/errors.md', 'utf8')

function body(text: string, type = 'text/event-stream', status = 200): Response {
  return new Response(text, { status, headers: { 'content-type': type } })
}

const hi = 'data: {"choices":[{"delta":{"content":"Hi"}}]}\n\n'
const refusal = (status: number, message: string) =>
  readChat(body(JSON.stringify({ error: { message } }), 'application/json', status))
const url = 'http://127.0.0.1/'

/** A body that says a little and then nothing more. */
async function* stalled(): AsyncGenerator<string> {
  yield hi
  await new Promise(() => {})
}

async function* lost(): AsyncGenerator<string> {
  yield hi
  throw new Error('reset')
}

function oops(): never {
  throw new Error('oops')
}

async function usedResponse(): Promise<ChatStream> {
  const response = body(hi)
  await response.text()
  return readChat(response)
}

/** What brings each message about that the page quotes, in the order of the page. */
const failures: Record<string, (() => ChatStream | Promise<ChatStream>)[]> = {
  http: [
    () => refusal(401, 'Incorrect API key provided.'),
    () => refusal(429, 'Rate limit reached.'),
    () => streamChat({ url, fetch: async () => Response.redirect('https://b.test/', 307) }),
  ],
  'content-type': [
    () => readChat(body('<html>', 'text/html')),
    () => readChat(body('?', 'application/vnd.amazon.eventstream')),
  ],
  network: [() => streamChat({ url, fetch: oops }), () => readChat(lost())],
  timeout: [
    () => streamChat({ url, timeout: { response: 20 }, fetch: () => new Promise(() => {}) }),
    () => readChat(stalled(), { timeout: { idle: 20 } }),
    () => readChat(stalled(), { timeout: { content: 20 } }),
    () => readChat(stalled(), { signal: AbortSignal.timeout(20) }),
  ],
  truncated: [() => readChat(body(hi)), () => readChat(body(''))],
  malformed: [() => readChat(body(`${hi}data: {oops}\n\n`))],
  provider: [
    () =>
      readChat(body(`${hi}data: {"error":{"type":"overloaded_error","message":"Overloaded"}}\n\n`)),
    () => readChat(body('data: {"choices":[{"delta":{},"finish_reason":"error"}]}\n\n')),
  ],
  'too-large': [() => readChat(body(`data: ${'x'.repeat(50)}`), { maxEventSize: 50 })],
  callback: [
    () => readChat(body(hi), { format: select(oops) }),
    () => readChat(body(hi), { onFrame: oops }),
    () => streamChat({ url, fetch: async () => JSON.parse('{}') }),
    usedResponse,
  ],
}

/** The section of the page under a heading. */
function section(heading: string): string {
  return page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? ''
}

describe.each(Object.entries(failures))('the page about errors, of %s', (code, causes) => {
  test('quotes messages as they are', async () => {
    const errors = []
    for (const cause of causes) errors.push(errorOf(await run(await cause())))
    expect(new Set(errors.map((error) => error.code))).toEqual(new Set([code]))
    const quotes = [...section(code).matchAll(/^> (.*)$/gm)].map(([, quote]) => quote)
    expect(quotes).toEqual(errors.map(({ message }) => message))
  })
})

test('the page about errors has a section for every code', async () => {
  const source = await readFile('src/errors.ts', 'utf8')
  const union = /export type ChatErrorCode =(.*?)\n\n/s.exec(source)?.[1] ?? ''
  const codes = [...union.matchAll(/'([\w-]+)'/g)].map(([, code]) => code)
  expect(codes.sort()).toEqual(Object.keys(failures).sort())
})
