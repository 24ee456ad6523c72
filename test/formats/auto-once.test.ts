import { readChat } from 'chatwire'
import { auto, openaiChat, plain, select, thinkTags } from 'chatwire/formats'
import { afterEach, expect, test, vi } from 'vitest'
import { sse, utf8 } from '../helpers/encode.ts'
import { checkPromises, doneOf, run } from '../helpers/run.ts'
import { responseOf } from '../helpers/stream.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

/** How often a JSON text of at least so many characters is parsed while a body is read. */
async function countParses(length: number, body: string, contentType: string, format = auto) {
  const parse = vi.spyOn(JSON, 'parse')
  const events = await run(readChat(responseOf([utf8(body)], contentType), { format }))
  checkPromises(events)
  const { text, finishReason } = doneOf(events)
  const count = parse.mock.calls.filter(([data]) => data.length >= length).length
  return { text, finishReason, count }
}

const text = 'x'.repeat(100_000)
const message = { role: 'assistant', content: text }
const completion = { choices: [{ index: 0, message, finish_reason: 'stop' }] }
const wholeAnswers = {
  auto: [auto, completion],
  openaiChat: [openaiChat, completion],
  plain: [plain, { text }],
  'openaiChat with think tags': [thinkTags(openaiChat), completion],
  select: [select((payload) => (payload as { text: string }).text), { text }],
} as const

test.each(Object.entries(wholeAnswers))(
  'a whole JSON answer is parsed once as %s',
  async (_name, [format, answer]) => {
    const read = await countParses(text.length, JSON.stringify(answer), 'application/json', format)
    expect(read).toEqual({ text, finishReason: 'stop', count: 1 })
  },
)

test('frames before the first text are parsed once', async () => {
  const padding = 'x'.repeat(1000)
  const body = sse([{ status: padding }, { status: padding }, { text: 'Hello' }, '[DONE]'])
  const read = await countParses(padding.length, body, 'text/event-stream')
  expect(read).toEqual({ text: 'Hello', finishReason: 'stop', count: 2 })
})

test('the payload that tells the format is parsed once, however large it is', async () => {
  const payload = { choices: [{ index: 0, delta: { content: text }, finish_reason: 'stop' }] }
  const read = await countParses(text.length, sse([payload, '[DONE]']), 'text/event-stream')
  expect(read).toEqual({ text, finishReason: 'stop', count: 1 })
})

test('keepalives before the first text are not parsed, so that a flood of them costs little', async () => {
  const empty = 'data:\n\n: hello\n\ndata: : keepalive\n\ndata: ping\n\n'.repeat(100)
  const read = await countParses(0, empty + sse([{ text: 'Hello' }, '[DONE]']), 'text/event-stream')
  expect(read).toEqual({ text: 'Hello', finishReason: 'stop', count: 1 })
})
