import { readChat } from 'chatwire'
import { expect, test } from 'vitest'
import { aiSdkFixtures } from '../fixtures/ai-sdk.ts'
import { sse, utf8 } from '../helpers/encode.ts'
import { run } from '../helpers/run.ts'
import { responseOf } from '../helpers/stream.ts'
import { testTable } from '../helpers/table.ts'

testTable(aiSdkFixtures)

test('data that the server marks as transient is marked', async () => {
  const body = sse([
    { type: 'data-note', data: 1, transient: true },
    { type: 'data-note', id: 'n', data: 2, transient: false },
    { type: 'finish' },
  ])
  const events = await run(readChat(responseOf([utf8(body)], 'text/event-stream')))
  expect(events.slice(0, -1)).toEqual([
    { type: 'data', name: 'note', data: 1, transient: true },
    { type: 'data', name: 'note', data: 2, id: 'n' },
  ])
})

test('a call that must be approved comes before what asks for it, and one of a page with its step', async () => {
  const call = { toolCallId: 't1', toolName: 'buy', input: {} }
  const body = sse([
    { type: 'tool-input-available', ...call },
    { type: 'tool-approval-request', toolCallId: 't1', approvalId: 'a' },
    { type: 'tool-input-available', ...call, toolCallId: 't2' },
    { type: 'finish-step' },
    { type: 'data-note', data: 1 },
    { type: 'finish' },
  ])
  const events = await run(readChat(responseOf([utf8(body)], 'text/event-stream')))
  const order = events.flatMap((event) =>
    event.type === 'tool-call' ? event.id : event.type === 'data' ? event.name : [],
  )
  expect(order).toEqual(['t1', 'tool-approval-request', 't2', 'note'])
})
