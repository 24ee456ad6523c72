import { readChat } from 'chatwire'
import { openaiChat, plain, rawText, thinkTags } from 'chatwire/formats'
import { describe, expect, test } from 'vitest'
import { byteByByte, twoWayCuts } from '../helpers/cut.ts'
import { utf8 } from '../helpers/encode.ts'
import { checkPromises, merged, run } from '../helpers/run.ts'
import { responseOf } from '../helpers/stream.ts'

const rows = [
  {
    name: 'reasoning stands between the tags',
    text: '<think>why</think>because',
    reasoning: 'why',
  },
  {
    name: 'a tag without its end leaves reasoning',
    text: '<think>why',
    reasoning: 'why',
    rest: '',
  },
  { name: 'the start of a tag at the end is text', text: 'a <thi', reasoning: '', rest: 'a <thi' },
  { name: 'other tags are text', text: '<b>bold</b> <thinks>', reasoning: '' },
  { name: 'there may be several', text: 'a<think>b</think>c<think>d</think>e', reasoning: 'bd' },
  { name: 'a doubled bracket does not hide a tag', text: '<<think>b<</think>c', reasoning: 'b<' },
]

describe('thinkTags', () => {
  for (const { name, text, reasoning, rest } of rows) {
    test(`${name}, at any cut`, async () => {
      const expected = rest ?? text.replaceAll(/<think>.*?<\/think>/g, '')
      const body = utf8(text)
      for (const chunks of [[body], byteByByte(body), ...twoWayCuts(body)]) {
        const response = responseOf(chunks, 'text/plain')
        const events = await run(readChat(response, { format: thinkTags(rawText) }))
        checkPromises(events)
        expect(events.at(-1)).toMatchObject({ text: expected, reasoning })
      }
    })
  }

  test('text without tags is untouched in every format', async () => {
    const body = 'data: {"choices":[{"delta":{"content":"Hi <"}}]}\n\ndata: [DONE]\n\n'
    const read = (format = openaiChat) =>
      run(readChat(responseOf([utf8(body)], 'text/event-stream'), { format }))
    expect(merged(await read(thinkTags(openaiChat)), body)).toEqual(merged(await read(), body))
  })

  test('what may be the start of a tag is handed on before an error', async () => {
    const body = 'data: {"text":"Hi <th"}\n\ndata: {"error":"broken"}\n\n'
    const response = responseOf([utf8(body)], 'text/event-stream')
    const events = await run(readChat(response, { format: thinkTags(plain) }))
    expect(events.map(({ type }) => type)).toEqual(['text', 'error', 'done'])
    expect(events.at(-1)).toMatchObject({ text: 'Hi <th', finishReason: 'error' })
  })
})
