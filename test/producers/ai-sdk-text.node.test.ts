import { streamChat } from 'chatwire'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { chat } from '../../examples/servers/ai-sdk-text.ts'
import { finish, modelOf, stallingModel, text } from './ai-sdk-models.ts'
import { ask, askCut, piecesOf, serveRoute } from './ask.ts'

// streamText prints the model's errors.
beforeEach(() => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
})

const whole = 'Grüße aus 巴黎 👩‍💻:\n\n{"no": "JSON"}\n'
const route = (request: Request) =>
  chat(
    modelOf([...text('Grüße ', 'aus 巴', '黎 👩‍💻:\n\n', '{"no": "JSON"}\n'), finish('stop', '')]),
  )(request)

describe('a text stream of the AI SDK 7', () => {
  it('gives its text, and says no more about its end than the server did', async () => {
    const { events, done } = await ask(route)
    expect(events).toEqual([{ type: 'text', text: whole }])
    expect(done).toMatchObject({ finishReason: 'unknown', text: whole })
    expect(done.usage).toBeUndefined()
  })

  it('never says stop where the model failed or the server cut it off', async () => {
    const failing = modelOf([
      ...text('Half').slice(0, 2),
      { type: 'error', error: new Error('Overloaded') },
    ])
    const half = await ask(chat(failing))
    expect(half.done).toMatchObject({ finishReason: 'unknown', text: 'Half' })
    expect(half.events).toEqual([{ type: 'text', text: 'Half' }])

    expect(await piecesOf(route)).toHaveLength(4)
    for (const count of [1, 2, 3]) {
      const ended = await askCut(route, 'end', count)
      expect(ended.finishReason).toBe('unknown')
      expect(whole.startsWith(ended.text) && ended.text !== '').toBe(true)
      const destroyed = await askCut(route, 'destroy', count)
      expect(destroyed).toMatchObject({ finishReason: 'error', error: { code: 'network' } })
    }
  })

  it('is an error without any text, and where the caller asks for an end', async () => {
    const empty = await ask(chat(modelOf([{ type: 'error', error: new Error('Overloaded') }])))
    expect(empty.done).toMatchObject({ finishReason: 'error', error: { code: 'truncated' } })
    const { done } = await ask(route, { requireEnd: true })
    expect(done).toMatchObject({ finishReason: 'error', text: whole, error: { code: 'truncated' } })
  })

  it('stops the model when the reader leaves', async () => {
    const onStop = vi.fn()
    const server = await serveRoute(chat(stallingModel(text('Half').slice(0, 2), onStop)))
    for await (const event of streamChat({
      url: server.url,
      json: { messages: [{ role: 'user', content: 'Hi' }] },
    })) {
      if (event.type === 'text') break
    }
    await server.allClosed()
    await vi.waitFor(() => expect(onStop).toHaveBeenCalledOnce())
  })
})
