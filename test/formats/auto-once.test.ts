import { readChat } from 'chatwire'
import { afterEach, expect, test, vi } from 'vitest'
import { sse, utf8 } from '../helpers/encode.ts'
import { checkPromises, doneOf, run } from '../helpers/run.ts'
import { responseOf } from '../helpers/stream.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

test('the payload that tells the format is parsed once, however large it is', async () => {
  const text = 'x'.repeat(100_000)
  const payload = { choices: [{ index: 0, delta: { content: text }, finish_reason: 'stop' }] }
  const parse = vi.spyOn(JSON, 'parse')
  const events = await run(
    readChat(responseOf([utf8(sse([payload, '[DONE]']))], 'text/event-stream')),
  )
  const parsed = parse.mock.calls.filter(([data]) => data.length > text.length)
  checkPromises(events)
  expect(doneOf(events)).toMatchObject({ text, finishReason: 'stop' })
  expect(parsed.length).toBe(1)
})
