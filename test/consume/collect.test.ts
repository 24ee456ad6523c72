import type { ChatEvent, ChatResult } from 'chatwire'
import { ChatError, collect, isChatError, readChat, streamChat } from 'chatwire'
import { describe, expect, test } from 'vitest'
import { sse, utf8 } from '../helpers/encode.ts'
import { iterableOf, responseOf, sourceOf } from '../helpers/stream.ts'
import { feed, url } from '../transport/feed.ts'

const answer = (...frames: unknown[]) => responseOf([utf8(sse(frames))], 'text/event-stream')

/** What a promise rejects with; a promise that resolves is a failure. */
async function rejection(promise: Promise<unknown>): Promise<unknown> {
  const value = await promise.then(
    () => undefined,
    (error: unknown) => ({ error }),
  )
  if (value === undefined) throw new Error('it did not reject')
  return value.error
}

describe('collect', () => {
  test('gives the result of a whole answer, without the type of the event', async () => {
    const result = await collect(
      readChat(answer({ text: 'Hel' }, { reasoning: 'Hm' }, { text: 'lo' }, '[DONE]')),
    )
    expect(result).toEqual({
      finishReason: 'stop',
      text: 'Hello',
      reasoning: 'Hm',
      refusal: '',
      toolCalls: [],
      toolResults: [],
      sources: [],
      files: [],
      timing: {
        responseMs: expect.any(Number),
        firstTextMs: expect.any(Number),
        totalMs: expect.any(Number),
      },
    })
  })

  test('gives what arrived before an abort, as a result with that finish reason', async () => {
    const { fetch, send } = feed()
    send([{ text: 'Hi' }])
    const abort = new AbortController()
    const pending = collect(streamChat({ url, fetch, signal: abort.signal }))
    setTimeout(() => abort.abort(), 5)
    expect(await pending).toMatchObject({ finishReason: 'aborted', text: 'Hi' })
  })

  test('throws the error that came, with all that arrived before it in result', async () => {
    const frames = [{ text: 'Hel' }, { text: 'lo' }, { error: { message: 'overloaded' } }]
    const error = await rejection(collect(readChat(answer(...frames))))
    if (!isChatError(error)) throw error
    expect(error).toBeInstanceOf(ChatError)
    expect(error.code).toBe('provider')
    expect(error.result).toMatchObject({ text: 'Hello', finishReason: 'error' })
    expect(error.result?.error).toBe(error)
  })

  test('makes result a field that JSON and loops do not see, so that there is no cycle', async () => {
    const error = await rejection(collect(readChat(answer({ text: 'Hi' }, { error: 'x' }))))
    expect(Object.keys(error as object)).not.toContain('result')
    expect({ ...(error as object) }).not.toHaveProperty('result')
    expect(() => JSON.stringify(error)).not.toThrow()
    const { result } = error as { result: ChatResult }
    expect(JSON.parse(JSON.stringify(result))).toMatchObject({
      text: 'Hi',
      error: { code: 'provider' },
    })
    expect(structuredClone(result.text)).toBe('Hi')
  })

  test('throws also where there was no text at all', async () => {
    const error = await rejection(collect(readChat(new Response('no', { status: 401 }))))
    expect(error).toMatchObject({ code: 'http', status: 401 })
    expect((error as { result: ChatResult }).result).toMatchObject({
      text: '',
      finishReason: 'error',
    })
  })

  test('takes events from anywhere, also without a done', async () => {
    const call = { id: 'c', name: 'f', input: {}, inputText: '{}' }
    const events: ChatEvent[] = [
      { type: 'text', text: 'a' },
      { type: 'refusal', text: 'no' },
      { type: 'tool-call-delta', id: 'c', name: 'f', delta: '{}' },
      { type: 'tool-call', ...call },
      { type: 'tool-result', id: 'c', output: 1, isError: false },
      { type: 'source', url: 'https://a.test', raw: 1 },
      { type: 'file', mediaType: 'image/png', url: 'https://a.test/1.png' },
      { type: 'data', name: 'custom', data: 1 },
      { type: 'text', text: 'other', choice: 1 },
      { type: 'text', text: 'b' },
    ]
    expect(await collect(iterableOf(events))).toEqual({
      finishReason: 'unknown',
      text: 'ab',
      reasoning: '',
      refusal: 'no',
      toolCalls: [call],
      toolResults: [{ id: 'c', output: 1, isError: false }],
      sources: [{ url: 'https://a.test', raw: 1 }],
      files: [{ mediaType: 'image/png', url: 'https://a.test/1.png' }],
      timing: { totalMs: 0 },
    })
  })

  test('attaches what arrived to an error that is not followed by a done', async () => {
    const failure = new ChatError('network', 'lost')
    const events: ChatEvent[] = [
      { type: 'text', text: 'a' },
      { type: 'error', error: failure },
    ]
    expect(await rejection(collect(iterableOf(events)))).toBe(failure)
    expect(failure.result).toMatchObject({ text: 'a', finishReason: 'error' })
  })

  test('passes on what the source throws', async () => {
    const failure = new Error('not a chat stream at all')
    const events: ChatEvent[] = [{ type: 'text', text: 'a' }]
    expect(await rejection(collect(iterableOf(events, { error: failure })))).toBe(failure)
  })

  test('may be called twice with two streams that fail with one error', async () => {
    const failure = new ChatError('network', 'lost')
    for (const text of ['a', 'b']) {
      const events: ChatEvent[] = [
        { type: 'text', text },
        { type: 'error', error: failure },
      ]
      await rejection(collect(iterableOf(events)))
      expect(failure.result?.text).toBe(text)
    }
  })

  test('rejects for what is no stream', async () => {
    const loose = collect as (events: unknown) => Promise<unknown>
    for (const wrong of [undefined, null, 5, {}]) {
      expect(await rejection(loose(wrong))).toBeInstanceOf(TypeError)
    }
  })

  test('closes the connection when the answer is whole', async () => {
    const { stream, closed } = sourceOf([utf8(sse([{ text: 'Hi' }, '[DONE]']))], 'stall')
    await collect(readChat(stream))
    expect(closed()).toBe(1)
  })
})
