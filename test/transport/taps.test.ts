import type { SseEvent } from 'chatwire'
import { readChat, streamChat } from 'chatwire'
import { describe, expect, test } from 'vitest'
import { fakeClock } from '../helpers/clock.ts'
import { checkPromises, run } from '../helpers/run.ts'
import { responseOf } from '../helpers/stream.ts'
import { brief, errorOf, follow } from './brief.ts'
import { feed, url } from './feed.ts'

describe('onResponse', () => {
  for (const status of [200, 401]) {
    test(`is called once with the response, status ${status}, before it is checked`, async () => {
      const { fetch, send, end } = feed({ status })
      send([{ text: 'Hi' }, '[DONE]'])
      end()
      const seen: Response[] = []
      await run(streamChat({ url, fetch, onResponse: (response) => void seen.push(response) }))
      expect(seen.map((response) => response.status)).toEqual([status])
      expect(seen[0]?.headers.get('content-type')).toBe('text/event-stream')
    })
  }

  test('that throws is a callback error with the cause', async () => {
    const { fetch, send } = feed()
    send([{ text: 'Hi' }, '[DONE]'])
    const cause = new Error('mine')
    const onResponse = () => {
      throw cause
    }
    const events = await run(streamChat({ url, fetch, onResponse }))
    expect(brief(events)).toEqual(['error callback', 'done error: '])
    expect(errorOf(events)).toMatchObject({ cause, retryable: false })
    expect(errorOf(events).message).toContain('onResponse')
  })

  test('that rejects is a callback error, after what came until then', async () => {
    const clock = fakeClock()
    const { fetch, send, cancels } = feed()
    const onResponse = async () => {
      await new Promise((resolve) => setTimeout(resolve, 100))
      throw new Error('mine')
    }
    const { events } = follow(streamChat({ url, fetch, onResponse }))
    await clock.pass(0)
    send([{ text: 'Hi' }])
    await clock.pass(99)
    expect(brief(events)).toEqual(['text Hi'])
    await clock.pass(1)
    expect(brief(events)).toEqual(['text Hi', 'error callback', 'done error: Hi'])
    expect(cancels).toHaveLength(1)
    checkPromises(events)
  })

  test('that rejects after the end changes nothing', async () => {
    const clock = fakeClock()
    const { fetch, send } = feed()
    send([{ text: 'Hi' }, '[DONE]'])
    const onResponse = async () => {
      await new Promise((resolve) => setTimeout(resolve, 100))
      throw new Error('mine')
    }
    const { events } = follow(streamChat({ url, fetch, onResponse }))
    await clock.pass(1000)
    expect(brief(events)).toEqual(['text Hi', 'done stop: Hi'])
  })

  test('that takes the body is a callback error that says so', async () => {
    const { fetch, send, end } = feed()
    send([{ text: 'Hi' }, '[DONE]'])
    end()
    const onResponse = (response: Response) => void response.text()
    const events = await run(streamChat({ url, fetch, onResponse }))
    expect(brief(events)).toEqual(['error callback', 'done error: '])
    expect(errorOf(events).message).toContain('body')
  })

  test('may read a copy of the body', async () => {
    const { fetch, send, end } = feed()
    send([{ text: 'Hi' }, '[DONE]'])
    end()
    let copy: Promise<string> | undefined
    const onResponse = (response: Response) => {
      copy = response.clone().text()
    }
    expect(brief(await run(streamChat({ url, fetch, onResponse })))).toEqual([
      'text Hi',
      'done stop: Hi',
    ])
    expect(await copy).toContain('[DONE]')
  })
})

describe('onFrame', () => {
  test('sees every frame in order: comments, named events and the end marker', async () => {
    const { fetch, send } = feed()
    send(
      ': keepalive\n\n',
      'id: 1\nevent: token\ndata: {"text":"Hi"}\n\n',
      'data: {"text":\ndata: "Ho"}\n\n',
      'data: [DONE]\n\n',
    )
    const frames: SseEvent[] = []
    await run(streamChat({ url, fetch, onFrame: (frame) => void frames.push({ ...frame }) }))
    expect(frames).toEqual([
      { type: 'comment', data: 'keepalive', lastEventId: '' },
      { type: 'token', data: '{"text":"Hi"}', lastEventId: '1' },
      { type: 'message', data: '{"text":\n"Ho"}', lastEventId: '1' },
      { type: 'message', data: '[DONE]', lastEventId: '1' },
    ])
  })

  test('sees the frames of readChat as well', async () => {
    const lines = new TextEncoder().encode('{"text":"Hi"}\n{"done":true}\n')
    const data: string[] = []
    const response = responseOf([lines], 'application/x-ndjson')
    await run(readChat(response, { onFrame: (frame) => void data.push(frame.data) }))
    expect(data).toEqual(['{"text":"Hi"}', '{"done":true}'])
  })

  test('is called in step with the reading, not with the consumer', async () => {
    const clock = fakeClock()
    const { fetch, send } = feed()
    const data: string[] = []
    const stream = streamChat({ url, fetch, onFrame: (frame) => void data.push(frame.data) })
    const first = stream.next()
    await clock.pass(0)
    send(['a'])
    await first
    send(['b'], ['c'])
    await clock.pass(0)
    expect(data).toEqual(['a', 'b', 'c'])
    await stream.return()
  })

  test('that throws is a callback error, after the frames before it', async () => {
    const { fetch, send, cancels } = feed()
    send([{ text: 'a' }, { reasoning: 'b' }, { text: 'c' }, '[DONE]'])
    const cause = new Error('mine')
    const onFrame = ({ data }: SseEvent) => {
      if (data.includes('c')) throw cause
    }
    const events = await run(streamChat({ url, fetch, onFrame }))
    expect(brief(events)).toEqual(['text a', 'reasoning b', 'error callback', 'done error: a'])
    expect(errorOf(events)).toMatchObject({ cause })
    expect(errorOf(events).message).toContain('onFrame')
    expect(cancels).toHaveLength(1)
    checkPromises(events)
  })

  test('that rejects is a callback error', async () => {
    const clock = fakeClock()
    const { fetch, send } = feed()
    const onFrame = () => Promise.reject(new Error('mine'))
    const { events } = follow(streamChat({ url, fetch, onFrame }))
    await clock.pass(0)
    send([{ text: 'Hi' }])
    await clock.pass(0)
    expect(brief(events)).toEqual(['text Hi', 'error callback', 'done error: Hi'])
  })

  test('cannot change the stream', async () => {
    const { fetch, send } = feed()
    send([{ text: 'a' }], ['[DONE]'])
    const onFrame = (frame: SseEvent) => {
      frame.data = '{"text":"changed"}'
      frame.type = 'changed'
      return { type: 'text', text: 'returned' }
    }
    const events = await run(streamChat({ url, fetch, onFrame }))
    expect(brief(events)).toEqual(['text a', 'done stop: a'])
  })
})
