import { type ChatErrorCode, type ChatEvent, type ChatInit, streamChat } from 'chatwire'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { answer, demoAnswer, reasoning } from '../../demo/answer.ts'
import { formats } from '../../demo/formats/index.ts'
import { cuts, record, seeded } from '../../demo/playback.ts'
import { type DemoServer, faults, startServer } from '../../demo/server.ts'

let server: DemoServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

const names = [...formats.keys()]

async function ask(query: Record<string, string>, init: Omit<ChatInit, 'url'> = {}) {
  const url = `${server.url}/api/chat?${new URLSearchParams({ speed: 'burst', ...query })}`
  const events: ChatEvent[] = []
  for await (const event of streamChat({ url, json: { messages: [] }, ...init })) {
    events.push(event)
  }
  const done = events.at(-1)
  if (done?.type !== 'done') throw new Error('the stream did not end with done')
  return { events, done, errors: events.filter((event) => event.type === 'error') }
}

describe('an answer of the demo server', () => {
  it.each(names)('in the format %s arrives whole, however it is cut', async (format) => {
    const asked = ['1', '2', '3', '4'].flatMap((seed) =>
      ['fast', 'burst'].map((speed) => ask({ format, speed, seed })),
    )
    for (const { done, errors } of await Promise.all(asked)) {
      expect(errors).toEqual([])
      expect(done.text).toBe(answer)
      expect(done.finishReason).toBe(format === 'text' ? 'unknown' : 'stop')
    }
  })

  it('reports tokens in every format that can', async () => {
    const inputTokens = demoAnswer.inputTokens
    const outputTokens = demoAnswer.text.length
    expect((await ask({ format: 'openai' })).done.usage).toMatchObject({
      inputTokens,
      outputTokens,
    })
    expect((await ask({ format: 'plain' })).done.usage).toMatchObject({ inputTokens, outputTokens })
    expect((await ask({ format: 'text' })).done.usage).toBeUndefined()
    const { done } = await ask({ format: 'anthropic' })
    expect(done.reasoning).toBe(reasoning)
    expect(done.usage).toMatchObject({
      inputTokens,
      outputTokens: outputTokens + demoAnswer.reasoning.length,
    })
  })
})

interface Outcome {
  code?: ChatErrorCode
  finishReason?: 'unknown'
  fields?: Record<string, unknown>
}

/** What a reader must be told. Where formats differ, by format. */
function outcome(format: string, fault: string): Outcome {
  // Neither has a marker that must come, so the end of the body is no proof either way.
  const noMarker = format === 'text' || format === 'plain'
  switch (fault) {
    case 'cut':
      return noMarker ? { finishReason: 'unknown' } : { code: 'truncated' }
    case 'error':
      // Raw text has no word for a failure: its servers can only drop the connection.
      return { code: format === 'text' ? 'network' : 'provider' }
    case 'reset':
      return { code: 'network' }
    case 'stall':
      return { code: 'timeout', fields: { phase: 'idle', timeoutMs: 200 } }
    case '401':
      return { code: 'http', fields: { status: 401, retryable: false } }
    default:
      return { code: 'content-type', fields: { contentType: 'text/html; charset=utf-8' } }
  }
}

describe.each(names)('a fault in the format %s', (format) => {
  it.each(faults)('%s is told for what it is, after all that came before it', async (fault) => {
    const expected = outcome(format, fault)
    const { done, errors, events } = await ask({ format, fault }, { timeout: { idle: 200 } })
    const early = fault === '401' || fault === 'html'
    expect(done.text === '').toBe(early)
    expect(answer.startsWith(done.text)).toBe(true)
    expect(done.text).not.toBe(answer)
    if (expected.code === undefined) {
      expect(errors).toEqual([])
      expect(done.finishReason).toBe(expected.finishReason)
    } else {
      expect(errors).toHaveLength(1)
      expect(events.at(-2)?.type).toBe('error')
      expect(done.finishReason).toBe('error')
      expect(done.error).toMatchObject({ code: expected.code, ...expected.fields })
    }
  })
})

it.each(['text', 'plain'])(
  'a cut in the format %s is an error for who asks for an end',
  async (format) => {
    const { done } = await ask({ format, fault: 'cut' }, { requireEnd: true })
    expect(done.error).toMatchObject({ code: 'truncated' })
  },
)

it.each([
  ['openai', 'Incorrect API key provided.'],
  ['anthropic', 'invalid x-api-key'],
  ['plain', 'Please sign in.'],
  ['text', 'Not authenticated'],
])('a 401 in the format %s carries the words of the server', async (format, message) => {
  const { done } = await ask({ format, fault: '401' })
  expect(done.error?.message).toContain(message)
})

describe('a stream that is broken while it runs', () => {
  it.each([
    ['cut', 'truncated'],
    ['reset', 'network'],
    ['error', 'provider'],
    ['stall', 'timeout'],
  ])('by %s ends with %s', async (how, code) => {
    const url = `${server.url}/api/chat?format=openai&speed=model&id=run-${how}`
    const types: string[] = []
    let error: unknown
    for await (const event of streamChat({ url, json: {}, timeout: { idle: 200 } })) {
      // The first text is the sign that the stream runs.
      if (event.type === 'text' && !types.includes('text')) {
        const broken = await fetch(`${server.url}/api/break?id=run-${how}&how=${how}`, {
          method: 'POST',
        })
        expect(broken.status).toBe(204)
      }
      types.push(event.type)
      if (event.type === 'error') error = event.error
    }
    expect(error).toMatchObject({ code })
    expect(types.slice(-2)).toEqual(['error', 'done'])
  })
})

describe('the demo server', () => {
  const post = (path: string) => fetch(server.url + path, { method: 'POST' })

  it('says what it knows when it is asked for something else', async () => {
    const wrong = await post('/api/chat?format=smoke')
    expect(wrong.status).toBe(400)
    expect(await wrong.json()).toEqual({ error: `format is one of ${names.join(', ')}.` })
    expect((await post('/api/chat?speed=warp')).status).toBe(400)
    expect((await post('/api/chat?fault=flood')).status).toBe(400)
    expect((await post('/api/break?id=nobody')).status).toBe(404)
    expect((await post('/api/else')).status).toBe(404)
    expect((await fetch(`${server.url}/api/chat`)).status).toBe(405)
    expect((await fetch(`${server.url}/`)).status).toBe(404)
  })

  it('forgets a stream that is over', async () => {
    await (await post('/api/chat?speed=burst&id=over')).text()
    expect((await post('/api/break?id=over')).status).toBe(404)
  })

  it('cuts the bytes where the seed says, inside of characters too', () => {
    const recording = record(demoAnswer.text)
    const ends = cuts(recording, seeded(1))
    expect(ends).toEqual(cuts(recording, seeded(1)))
    expect(ends).not.toEqual(cuts(recording, seeded(2)))
    expect(ends.at(-1)).toBe(recording.bytes.length)
    const inside = ends.filter((end) => ((recording.bytes[end] ?? 0) & 0b1100_0000) === 0b1000_0000)
    expect(inside.length).toBeGreaterThan(10)
  })
})
