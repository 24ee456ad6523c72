import { readChat } from 'chatwire'
import { expect, test } from 'vitest'
import { openaiChatFixtures } from '../fixtures/openai-chat.ts'
import { sse, utf8 } from '../helpers/encode.ts'
import { doneOf, run } from '../helpers/run.ts'
import { responseOf } from '../helpers/stream.ts'
import { testTable } from '../helpers/table.ts'

testTable(openaiChatFixtures)

test('a call may have the id of one that ran in the turn before', async () => {
  const call = { index: 0, id: 'call_0', function: { name: 'a', arguments: '{}' } }
  const chunk = { id: 'c', object: 'chat.completion.chunk' }
  const delta = { role: 'assistant', tool_calls: [call] }
  const turn = { ...chunk, choices: [{ index: 0, delta, finish_reason: 'tool_calls' }] }
  const message = { role: 'tool', tool_call_id: 'call_0', content: 'ran' }
  const object = `chat.completion.chunk.message:${JSON.stringify({ type: 'message', message })}`
  const body = sse([turn, { ...chunk, object, choices: [] }, turn, '[DONE]'])
  const { finishReason, toolCalls } = doneOf(
    await run(readChat(responseOf([utf8(body)], 'text/event-stream'))),
  )
  const made = { id: 'call_0', name: 'a', input: {}, inputText: '{}' }
  expect(toolCalls).toEqual([{ ...made, providerExecuted: true }, made])
  expect(finishReason).toBe('tool-calls')
})
