import { readChat } from 'chatwire'
import { openaiChat } from 'chatwire/formats'
import { describe, expect, test } from 'vitest'
import { byteByByte } from '../helpers/cut.ts'
import { utf8 } from '../helpers/encode.ts'
import { responseOf } from '../helpers/stream.ts'

const payload = '{"choices":[{"delta":{"content":"Hello"}}]}'
/** The shortest way to end the first event, with the last byte that it needs. */
const ends = ['\n\n', '\r\r', '\r\n\r', '\r\n\n', '\n\r', '\n: ping\n\n', '\nid: 1\n\n']
const labels = ['text/event-stream', 'text/plain', 'application/json', undefined]

describe('the first event does not wait for what comes after it', () => {
  for (const end of ends) {
    for (const label of labels) {
      test(`behind ${JSON.stringify(end)}, labelled ${label}`, async () => {
        const chunks = byteByByte(utf8(`data: ${payload}${end}`))
        const stream = readChat(responseOf(chunks, label, 'stall'), { format: openaiChat })
        const first = await stream.next()
        expect(first.value).toEqual({ type: 'text', text: 'Hello' })
        await stream.return()
      })
    }
  }
})
