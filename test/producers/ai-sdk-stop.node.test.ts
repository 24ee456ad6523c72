import { createUIMessageStreamResponse, streamText, toUIMessageStream } from 'ai'
import { type ChatEvent, streamChat } from 'chatwire'
import { describe, expect, it, vi } from 'vitest'
import { chat } from '../../examples/servers/ai-sdk.ts'
import { doneOf } from '../helpers/run.ts'
import { stallingModel, text } from './ai-sdk-models.ts'
import { ask, question, serveRoute } from './ask.ts'

describe('a UI message stream of the AI SDK 7 that does not come to its end', () => {
  it('is aborted where the server stopped the model itself', async () => {
    const stop = new AbortController()
    const model = stallingModel(text('Half').slice(0, 2))
    const route = () => {
      const answer = streamText({ model, prompt: 'Hi', abortSignal: stop.signal })
      const stream = toUIMessageStream({ stream: answer.stream })
      return createUIMessageStreamResponse({ stream })
    }
    const server = await serveRoute(route)
    const events: ChatEvent[] = []
    for await (const event of streamChat({ url: server.url, json: question })) {
      events.push(event)
      if (event.type === 'text') stop.abort()
    }
    expect(doneOf(events)).toMatchObject({
      finishReason: 'aborted',
      rawFinishReason: 'abort',
      text: 'Half',
    })
    expect(events.filter(({ type }) => type === 'error')).toEqual([])
  })

  it('stops the model when the reader leaves', async () => {
    const onStop = vi.fn()
    const server = await serveRoute(chat(stallingModel(text('Half').slice(0, 2), onStop)))
    for await (const event of streamChat({ url: server.url, json: question })) {
      if (event.type === 'text') break
    }
    await server.allClosed()
    await vi.waitFor(() => expect(onStop).toHaveBeenCalledOnce())
  })

  it('keeps what came when the reader aborts, and stops the model', async () => {
    const onStop = vi.fn()
    const server = await serveRoute(chat(stallingModel(text('Half').slice(0, 2), onStop)))
    const abort = new AbortController()
    const { signal } = abort
    const events: ChatEvent[] = []
    for await (const event of streamChat({ url: server.url, json: question, signal })) {
      events.push(event)
      if (event.type === 'text') abort.abort()
    }
    expect(doneOf(events)).toMatchObject({ finishReason: 'aborted', text: 'Half' })
    await server.allClosed()
    await vi.waitFor(() => expect(onStop).toHaveBeenCalledOnce())
  })

  it('may hold comments that keep the connection open meanwhile', async () => {
    const stop = new AbortController()
    const model = stallingModel(text('Half').slice(0, 2))
    const route = () => {
      const answer = streamText({ model, prompt: 'Hi', abortSignal: stop.signal })
      const stream = toUIMessageStream({ stream: answer.stream })
      return createUIMessageStreamResponse({ stream, keepAliveMs: 5 })
    }
    const comments: string[] = []
    const { done } = await ask(route, {
      onFrame({ type, data }) {
        if (type === 'comment') comments.push(data)
        if (comments.length === 4) stop.abort()
      },
    })
    expect(done).toMatchObject({ finishReason: 'aborted', text: 'Half' })
    expect(comments.slice(0, 4)).toEqual(['stream-open', 'keep-alive', 'keep-alive', 'keep-alive'])
  })
})
