import type { ChatEvent, ChatResult } from 'chatwire'
import { bufferText, ChatError, readChat, streamChat, textOf } from 'chatwire'
import { describe, expect, test } from 'vitest'
import { fakeClock } from '../helpers/clock.ts'
import { sse, utf8 } from '../helpers/encode.ts'
import { iterableOf, responseOf, sourceOf } from '../helpers/stream.ts'
import { feed, url } from '../transport/feed.ts'

const over = { done: true, value: undefined }

/** The pieces that came, and what was thrown in the end. */
async function drain(texts: AsyncIterable<string>) {
  const pieces: string[] = []
  try {
    for await (const text of texts) pieces.push(text)
  } catch (error) {
    return { pieces, error }
  }
  return { pieces }
}

const body = (...frames: unknown[]) =>
  responseOf(
    frames.map((frame) => utf8(sse([frame]))),
    'text/event-stream',
  )

describe('textOf', () => {
  test('yields the text of the answer and nothing else', async () => {
    const events: ChatEvent[] = [
      { type: 'text', text: 'Hel' },
      { type: 'reasoning', text: 'Hm' },
      { type: 'text', text: 'a parallel answer', choice: 1 },
      { type: 'refusal', text: 'no' },
      { type: 'data', name: 'custom', data: 1 },
      { type: 'text', text: 'lo' },
    ]
    expect(await drain(textOf(iterableOf(events)))).toEqual({ pieces: ['Hel', 'lo'] })
  })

  test('ends with the answer', async () => {
    const { pieces, error } = await drain(textOf(readChat(body({ text: 'Hi' }, '[DONE]'))))
    expect([pieces.join(''), error]).toEqual(['Hi', undefined])
  })

  test('ends with an abort, without an error', async () => {
    const { fetch, send } = feed()
    send([{ text: 'Hi' }])
    const abort = new AbortController()
    const texts = textOf(streamChat({ url, fetch, signal: abort.signal }))
    const pieces: string[] = []
    for await (const text of texts) {
      pieces.push(text)
      abort.abort()
    }
    expect(pieces).toEqual(['Hi'])
  })

  test('throws the error that came, after the text, with all that arrived in result', async () => {
    const stream = readChat(
      body({ text: 'Hel' }, { reasoning: 'Hm' }, { text: 'lo' }, { error: 'x' }),
    )
    const { pieces, error } = await drain(textOf(stream))
    expect(pieces.join('')).toBe('Hello')
    expect(error).toMatchObject({ name: 'ChatError', code: 'provider' })
    const { result } = error as { result: ChatResult }
    expect(result).toMatchObject({ text: 'Hello', reasoning: 'Hm', finishReason: 'error' })
    expect(result.error).toBe(error)
    expect(Object.keys(error as object)).not.toContain('result')
    expect(() => JSON.stringify(error)).not.toThrow()
  })

  test('throws once, and is over then', async () => {
    const events: ChatEvent[] = [{ type: 'error', error: new ChatError('network', 'lost') }]
    const texts = textOf(iterableOf(events))
    await expect(texts.next()).rejects.toMatchObject({ code: 'network' })
    expect(await texts.next()).toEqual(over)
  })

  test('passes on what the source throws', async () => {
    const failure = new Error('not a chat stream at all')
    const events: ChatEvent[] = [{ type: 'text', text: 'a' }]
    const { pieces, error } = await drain(textOf(iterableOf(events, { error: failure })))
    expect(pieces).toEqual(['a'])
    expect(error).toBe(failure)
  })

  test('sends no request until it is read', async () => {
    const { fetch, calls, send } = feed()
    send([{ text: 'Hi' }, '[DONE]'])
    const texts = textOf(streamChat({ url, fetch }))
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(calls).toEqual([])
    await drain(texts)
    expect(calls).toHaveLength(1)
  })

  test('asks for nothing before it is asked itself', async () => {
    let asked = 0
    const source = {
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          asked += 1
          return { done: false as const, value: { type: 'text' as const, text: `${asked} ` } }
        },
      }),
    }
    const texts = textOf(source)
    for (let index = 1; index <= 3; index += 1) {
      expect(await texts.next()).toEqual({ done: false, value: `${index} ` })
      await new Promise((resolve) => setTimeout(resolve, 2))
      expect(asked).toBe(index)
    }
    await texts.return()
  })
})

describe('return() reaches the source at once', () => {
  const wrappers = {
    textOf: (events: AsyncIterable<ChatEvent>) => textOf(events),
    bufferText: (events: AsyncIterable<ChatEvent>) => bufferText(events, 'word'),
    both: (events: AsyncIterable<ChatEvent>) => textOf(bufferText(events, 'line')),
  }
  for (const [name, wrap] of Object.entries(wrappers)) {
    test(`of ${name}, while a read stalls`, async () => {
      const clock = fakeClock()
      const { stream, closed } = sourceOf([], 'stall')
      const wrapped = wrap(readChat(stream, { timeout: { idle: 60_000 } }))
      const waiting = wrapped.next()
      await clock.pass(0)
      expect(await wrapped.return()).toEqual(over)
      expect(await waiting).toEqual(over)
      await clock.pass(0)
      expect(closed()).toBe(1)
      expect(clock.timers()).toBe(0)
    })

    test(`of ${name}, by break`, async () => {
      const { stream, closed } = sourceOf([utf8(sse([{ text: 'one two\nthree' }]))], 'stall')
      for await (const _ of wrap(readChat(stream))) break
      await new Promise((resolve) => setTimeout(resolve, 0))
      expect(closed()).toBe(1)
    })

    test(`of ${name}, by throw()`, async () => {
      const { stream, closed } = sourceOf([], 'stall')
      const wrapped = wrap(readChat(stream))
      const waiting = wrapped.next()
      await expect(wrapped.throw('mine')).rejects.toBe('mine')
      expect(await waiting).toEqual(over)
      await new Promise((resolve) => setTimeout(resolve, 0))
      expect(closed()).toBe(1)
    })

    test(`of ${name}, before it was read`, async () => {
      const { fetch, calls } = feed()
      const source = streamChat({ url, fetch })
      const wrapped = wrap(source)
      expect(await wrapped.return()).toEqual(over)
      expect(await wrapped.next()).toEqual(over)
      expect(await source.next()).toEqual(over)
      expect(calls).toEqual([])
    })

    test(`of ${name}, and does not wait for a source that does not let go`, async () => {
      const never = new Promise<IteratorResult<ChatEvent>>(() => {})
      const source = { [Symbol.asyncIterator]: () => ({ next: () => never, return: () => never }) }
      const wrapped = wrap(source)
      const waiting = wrapped.next()
      expect(await wrapped.return()).toEqual(over)
      expect(await waiting).toEqual(over)
    })

    test(`of ${name}, and does not throw for a source that someone else has read`, async () => {
      const source = readChat(body({ text: 'Hi' }, '[DONE]'))
      const wrapped = wrap(source)
      await drain(textOf(source))
      expect(await wrapped.return()).toEqual(over)
    })

    test(`of ${name}, and a second loop is a TypeError`, async () => {
      const wrapped = wrap(readChat(body({ text: 'Hi' }, '[DONE]')))
      for await (const _ of wrapped as AsyncIterable<unknown>);
      const again = async () => {
        for await (const _ of wrapped as AsyncIterable<unknown>);
      }
      await expect(again()).rejects.toThrow(TypeError)
    })
  }
})
