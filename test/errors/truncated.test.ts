import { readChat } from 'chatwire'
import { anthropic, openaiChat, rawText } from 'chatwire/formats'
import { describe, expect, test } from 'vitest'
import { sse, utf8 } from '../helpers/encode.ts'
import { checkPromises, run } from '../helpers/run.ts'
import { responseOf } from '../helpers/stream.ts'
import { brief, errorOf } from '../transport/brief.ts'
import { delta, finish } from '../transport/feed.ts'

const body = (text: string, contentType = 'text/event-stream') =>
  responseOf([utf8(text)], contentType)

describe('a body that ends without an end marker', () => {
  test('is truncated where the format has one', async () => {
    const events = await run(readChat(body(sse([delta('Hi')])), { format: openaiChat }))
    expect(brief(events)).toEqual(['text Hi', 'error truncated', 'done error: Hi'])
    expect(errorOf(events).retryable).toBe(true)
    expect(errorOf(events)).not.toHaveProperty('pending')
    checkPromises(events)
  })

  test('has the finish reason unknown where the format has none', async () => {
    expect(brief(await run(readChat(body(sse([{ text: 'Hi' }])))))).toEqual([
      'text Hi',
      'done unknown: Hi',
    ])
    expect(brief(await run(readChat(body('Hi', 'text/plain'), { format: rawText })))).toEqual([
      'text Hi',
      'done unknown: Hi',
    ])
  })

  test('is truncated with requireEnd, also where the format has none', async () => {
    const options = { requireEnd: true }
    const lost = ['text Hi', 'error truncated', 'done error: Hi']
    expect(brief(await run(readChat(body(sse([{ text: 'Hi' }])), options)))).toEqual(lost)
    const raw = readChat(body('Hi', 'text/plain'), { ...options, format: rawText })
    expect(brief(await run(raw))).toEqual(lost)
  })

  test('is complete with requireEnd, if the marker came', async () => {
    const events = await run(readChat(body(sse([{ text: 'Hi' }, '[DONE]'])), { requireEnd: true }))
    expect(brief(events)).toEqual(['text Hi', 'done stop: Hi'])
  })

  test('is complete if a finish reason came', async () => {
    const events = await run(readChat(body(sse([delta('Hi'), finish('length')]))))
    expect(brief(events)).toEqual(['text Hi', 'done length: Hi'])
  })
})

describe('a frame that the end cuts off', () => {
  test('is in pending, and no part of it in the text', async () => {
    const events = await run(readChat(body(`${sse([{ text: 'Hi' }])}data: {"text":"xyzzy`)))
    expect(brief(events)).toEqual(['text Hi', 'error truncated', 'done error: Hi'])
    expect(errorOf(events).pending).toBe('{"text":"xyzzy')
    expect(errorOf(events).message).not.toContain('xyzzy')
  })

  test('shows that there was more, where every frame says why the answer ended', async () => {
    const candidate = { content: { parts: [{ text: 'Hi' }] }, finishReason: 'STOP' }
    const events = await run(readChat(body(`${sse([{ candidates: [candidate] }])}data: {"cand`)))
    expect(brief(events)).toEqual(['text Hi', 'error truncated', 'done error: Hi'])
  })

  const ends = ['', '\n', '\r', '\r\n', '\n\n']
  for (const end of ends) {
    test(`counts if it is whole but for its blank line: ${JSON.stringify(end)}`, async () => {
      const text = `${sse([{ text: 'Hi' }])}data: {"text":" there"}${end}`
      const events = await run(readChat(body(text)))
      expect(brief(events).at(-1)).toBe('done unknown: Hi there')
      const marked = await run(readChat(body(`${sse([{ text: 'Hi' }])}data: [DONE]${end}`)))
      expect(brief(marked)).toEqual(['text Hi', 'done stop: Hi'])
    })
  }

  test('is truncated if it is a part of the marker', async () => {
    const events = await run(readChat(body(`${sse([delta('Hi')])}data: [DON`)))
    expect(brief(events)).toEqual(['text Hi', 'error truncated', 'done error: Hi'])
    expect(errorOf(events).pending).toBe('[DON')
  })
})

describe('an empty body', () => {
  const bodies: Record<string, string> = {
    'without a byte': '',
    'of a byte order mark': '\uFEFF',
    'of blank lines': '\n\n\r\n',
    'of comments': ': hello\n\n: keepalive\n\n',
  }
  for (const [name, text] of Object.entries(bodies)) {
    for (const format of [undefined, openaiChat, anthropic]) {
      test(`${name} is truncated, by ${format?.name ?? 'auto'}`, async () => {
        const events = await run(readChat(body(text), format && { format }))
        expect(brief(events)).toEqual(['error truncated', 'done error: '])
        checkPromises(events)
      })
    }
  }
})
