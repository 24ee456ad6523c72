import { type ChatEvent, readChat, streamChat } from 'chatwire'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { checkPromises, doneOf, run } from '../helpers/run.ts'
import { askAt, question } from './ask.ts'
import { startFastapi, whole } from './fastapi-server.ts'
import { findPython, type RunningServer } from './process.ts'

const python = findPython()

describe.skipIf(python === undefined)('a server with FastAPI', () => {
  let server: RunningServer
  beforeAll(async () => {
    server = await startFastapi(python ?? '')
  }, 30_000)
  afterAll(() => server?.stop())

  const tell = (path: string) => fetch(server.url + path, { method: 'POST' })

  it('streams frames of JSON as an event stream', async () => {
    const { events, done } = await askAt(`${server.url}/chat`)
    expect(events).toEqual([{ type: 'text', text: whole }])
    expect(done).toMatchObject({ finishReason: 'stop', rawFinishReason: 'stop', text: whole })
    expect(done.usage).toEqual({ outputTokens: 5, raw: { outputTokens: 5 } })
  })

  it('streams bare text, whose end says nothing', async () => {
    const { events, done } = await askAt(`${server.url}/text`)
    expect(events).toEqual([{ type: 'text', text: whole }])
    expect(done).toMatchObject({ finishReason: 'unknown', text: whole })
  })

  it('is read while it writes', async () => {
    const texts: string[] = []
    for await (const event of streamChat({ url: `${server.url}/gated/direct`, method: 'POST' })) {
      if (event.type === 'done') expect(event.finishReason).toBe('stop')
      if (event.type !== 'text') continue
      texts.push(event.text)
      // The server writes no more before it is told that this was read.
      if (texts.length === 1) await tell('/happen/direct')
    }
    expect(texts).toEqual(['Half', ' an answer'])
  })

  it('reports an error in the middle', async () => {
    const { events, done } = await askAt(`${server.url}/error`)
    expect(events).toMatchObject([{ type: 'text', text: 'Half' }, { type: 'error' }])
    expect(done).toMatchObject({ finishReason: 'error', error: { code: 'provider' } })
    expect(done.error?.message).toContain(': The model failed.')
  })

  it('that drops the connection in the middle never ends with stop', async () => {
    for (const path of ['/drop', '/drop-text']) {
      const { done } = await askAt(server.url + path)
      expect(done).toMatchObject({
        finishReason: 'error',
        error: { code: 'network' },
        text: 'Half',
      })
    }
  })

  it('that ends its answer without a word never ends with stop', async () => {
    const { done } = await askAt(`${server.url}/end`)
    expect(done).toMatchObject({ finishReason: 'unknown', text: 'Half' })
    const strict = await askAt(`${server.url}/end`, { requireEnd: true })
    expect(strict.done).toMatchObject({ finishReason: 'error', error: { code: 'truncated' } })
  })

  it('says why it refuses a request', async () => {
    const refused = await askAt(`${server.url}/sign-in`)
    expect(refused.done.error).toMatchObject({ code: 'http', status: 401 })
    expect(refused.done.error?.message).toContain('Not authenticated')
    const invalid = await askAt(`${server.url}/chat`, { json: { question: 'Hi' } })
    expect(invalid.done.error).toMatchObject({ code: 'http', status: 422 })
    expect(invalid.done.error?.message).toMatch(/field required/i)
  })

  it('is told when the reader leaves', async () => {
    for await (const event of streamChat({ url: `${server.url}/endless/left`, method: 'POST' })) {
      if (event.type === 'text') break
    }
    expect((await tell('/await/left')).status).toBe(200)
  })

  /** The messages of a WebSocket. Its server may be gone before the farewell is answered. */
  function messagesOf(socket: WebSocket): ReadableStream<string> {
    return new ReadableStream<string>({
      start(controller) {
        socket.onmessage = ({ data }) => controller.enqueue(`${data}`)
        socket.onclose = ({ code }) =>
          code === 1000
            ? controller.close()
            : controller.error(new Error(`The socket closed: ${code}`))
      },
      cancel() {
        socket.onmessage = socket.onclose = null
        socket.close()
      },
    })
  }

  async function askSocket(path: string): Promise<ChatEvent[]> {
    const socket = new WebSocket(server.url.replace('http', 'ws') + path)
    socket.onopen = () => socket.send(JSON.stringify(question))
    const events = await run(readChat(messagesOf(socket)))
    checkPromises(events)
    return events
  }

  it('answers over a WebSocket, a message for each frame', async () => {
    const done = doneOf(await askSocket('/socket'))
    expect(done).toMatchObject({
      finishReason: 'stop',
      text: whole,
      usage: { outputTokens: 5 },
      toolCalls: [],
    })
  })

  it.each([
    [1000, { finishReason: 'unknown' }],
    [1011, { finishReason: 'error', error: { code: 'network' } }],
  ])('that closes its WebSocket early with %i never ends with stop', async (code, expected) => {
    expect(doneOf(await askSocket(`/close-socket/${code}`))).toMatchObject({
      ...expected,
      text: 'Half',
    })
  })
})
