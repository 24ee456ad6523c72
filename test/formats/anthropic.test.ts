import { readChat } from 'chatwire'
import { anthropic } from 'chatwire/formats'
import { expect, test } from 'vitest'
import { anthropicFixtures } from '../fixtures/anthropic.ts'
import { sse, utf8 } from '../helpers/encode.ts'
import { eventStream } from '../helpers/fixture.ts'
import { run } from '../helpers/run.ts'
import { responseOf } from '../helpers/stream.ts'
import { testTable } from '../helpers/table.ts'

testTable(anthropicFixtures)

test('empty arguments within text are no event', async () => {
  const body = sse([
    { type: 'message_start', message: { id: 'msg_1' } },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    {
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'input_json_delta', partial_json: '' },
    },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello' } },
    { type: 'message_stop' },
  ])
  const response = responseOf([utf8(body)], eventStream)
  const events = await run(readChat(response, { format: anthropic }))
  expect(events.map(({ type }) => type)).toEqual(['text', 'done'])
})
