import { type ChatErrorCode, type ChatEvent, type ChatInit, streamChat } from 'chatwire'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
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

/** A conversation in which these questions were asked. */
function messages(...questions: string[]): { json: unknown } {
  return { json: { messages: questions.map((text) => ({ role: 'user', text })) } }
}

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

/** Why a whole answer ended: these two have no word for it. */
const endOf = (format: string) => (['rawText', 'langgraph'].includes(format) ? 'unknown' : 'stop')

function expectWhole(format: string, { done, errors }: Awaited<ReturnType<typeof ask>>): void {
  expect(errors).toEqual([])
  expect(done.text).toBe(answer)
  expect(done.finishReason).toBe(endOf(format))
}

describe('an answer of the demo server', () => {
  it.each(names)('in the format %s arrives whole, however it is cut', async (format) => {
    for (const seed of ['1', '2', '3', '4']) expectWhole(format, await ask({ format, seed }))
  })

  it('arrives whole in every format when it takes its time', async () => {
    const asked = names.map(async (format) => {
      expectWhole(format, await ask({ format, speed: 'fast', seed: '1' }))
    })
    await Promise.all(asked)
  })

  it.each(names)(
    'in the format %s carries reasoning and tokens where they exist',
    async (format) => {
      const { done } = await ask({ format })
      const hasReasoning = !['openaiChat', 'plain', 'rawText'].includes(format)
      expect(done.reasoning).toBe(hasReasoning ? reasoning : '')
      const outputTokens = demoAnswer.text.length + (hasReasoning ? demoAnswer.reasoning.length : 0)
      const hasUsage = !['aiSdk', 'rawText'].includes(format)
      const { inputTokens } = demoAnswer
      if (hasUsage) expect(done.usage).toMatchObject({ inputTokens, outputTokens })
      else expect(done.usage).toBeUndefined()
    },
  )

  it.each(names)('in the format %s carries sources where they exist', async (format) => {
    const { done } = await ask({ format }, messages('One', 'Two'))
    const hasSources = !['agui', 'ollama', 'langgraph', 'plain', 'rawText'].includes(format)
    expect(done.sources.map(({ title }) => title)).toEqual(
      hasSources ? ['HTML: Server-sent events', 'Fetch'] : [],
    )
  })

  it.each(names)(
    'in the format %s asks for a tool where it can, and takes its result',
    async (format) => {
      const { done } = await ask({ format }, messages('What is the weather in Paris?'))
      if (format === 'plain' || format === 'rawText') {
        expect(done.toolCalls).toEqual([])
        expect(done.text).toContain('out of the window')
        return
      }
      expect(done.finishReason).toBe('tool-calls')
      expect(done.toolCalls).toMatchObject([{ name: 'get_weather', input: { city: 'Paris' } }])
      const parts = [{ type: 'tool-call', output: { degrees: 14 } }]
      const after = await ask({ format }, { json: { messages: [{ role: 'assistant', parts }] } })
      expect(after.done.text).toContain('{"degrees":14}')
      expect(after.done.finishReason).toBe(endOf(format))
    },
  )

  it('varies from turn to turn, and says what it is asked for', async () => {
    const texts = await Promise.all(
      [['1'], ['1', '2'], ['1', '2', '3'], ['1', '2', '3', '4'], ['Count to 3']].map(
        async (questions) => (await ask({}, messages(...questions))).done.text,
      ),
    )
    expect(texts[0]).toBe(answer)
    expect(texts[3]).toBe(answer)
    expect(texts[4]).toBe('1 2 3 ')
    expect(new Set(texts).size).toBe(4)
  })

  it.each(['random', 'frames', 'blocks'])('cut by %s is the same answer', async (chunks) => {
    expect((await ask({ chunks })).done.text).toBe(answer)
  })
})

interface Outcome {
  code?: ChatErrorCode
  finishReason?: 'unknown'
  fields?: Record<string, unknown>
}

/** What a reader must be told. Where formats differ, by format. */
function outcome(format: string, fault: string): Outcome {
  // None of them has a marker that must come, so the end of the body is no proof either way.
  const noMarker = ['rawText', 'plain', 'langgraph'].includes(format)
  switch (fault) {
    case 'cut':
      return noMarker ? { finishReason: 'unknown' } : { code: 'truncated' }
    case 'error':
      // Raw text has no word for a failure: its servers can only drop the connection.
      return { code: format === 'rawText' ? 'network' : 'provider' }
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

/** A proxy that collects the answer spoils nothing but the time. */
const losses = faults.filter((fault) => fault !== 'proxy')

describe.concurrent.each(names)('a fault in the format %s', (format) => {
  it.each(losses)('%s is told for what it is, after all that came before it', async (fault) => {
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

it.each(['rawText', 'plain', 'langgraph'])(
  'a cut in the format %s is an error for who asks for an end',
  async (format) => {
    const { done } = await ask({ format, fault: 'cut' }, { requireEnd: true })
    expect(done.error).toMatchObject({ code: 'truncated' })
  },
)

it.each([
  ['openaiChat', 'Incorrect API key provided.'],
  ['anthropic', 'invalid x-api-key'],
  ['plain', 'Please sign in.'],
  ['rawText', 'Not authenticated'],
])('a 401 in the format %s carries the words of the server', async (format, message) => {
  const { done } = await ask({ format, fault: '401' })
  expect(done.error?.message).toContain(message)
})

describe.concurrent('a stream that is broken while it runs', () => {
  it.each([
    ['cut', 'truncated'],
    ['reset', 'network'],
    ['error', 'provider'],
    ['stall', 'timeout', 200],
  ])('by %s ends with %s', async (how, code, idle = 10_000) => {
    const url = `${server.url}/api/chat?format=openaiChat&speed=model&id=run-${how}`
    const types: string[] = []
    let error: unknown
    for await (const event of streamChat({ url, json: {}, timeout: { idle } })) {
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

it.concurrent('a proxy that buffers hands on the whole answer at once, and late', async () => {
  const startedAt = performance.now()
  const times: number[] = []
  const { done } = await ask(
    { speed: 'model', fault: 'proxy' },
    { onFrame: () => void times.push(performance.now() - startedAt) },
  )
  expect(done.text).toBe(answer)
  expect(Math.min(...times)).toBeGreaterThan(1000)
})

it.concurrent('streams of one id break at the same byte', async () => {
  const url = `${server.url}/api/chat?speed=model&seed=1&id=pair`
  const read = async (isFirst: boolean): Promise<string> => {
    for await (const event of streamChat({ url, json: {} })) {
      if (event.type === 'done') return event.text
      if (isFirst && event.type === 'text') {
        isFirst = false
        await fetch(`${server.url}/api/break?id=pair&how=cut`, { method: 'POST' })
      }
    }
    return ''
  }
  const [one, other] = await Promise.all([read(true), read(false)])
  expect(one).not.toBe('')
  expect(other).toBe(one)
})

it.concurrent('keepalives come while the model thinks, where the format has them', async () => {
  const typesUntilText = async (format: string): Promise<string[]> => {
    const types: string[] = []
    const url = `${server.url}/api/chat?format=${format}&speed=model`
    const onFrame = ({ type }: { type: string }): void => void types.push(type)
    for await (const event of streamChat({ url, json: {}, onFrame })) {
      if (event.type === 'text' || event.type === 'reasoning') break
    }
    return types
  }
  expect((await typesUntilText('agui')).slice(0, 4)).toEqual([
    ...['comment', 'comment', 'comment'],
    'message',
  ])
  expect(await typesUntilText('ollama')).not.toContain('comment')
})

describe('the demo server', () => {
  const post = (path: string) => fetch(server.url + path, { method: 'POST' })

  it('says what it knows when it is asked for something else', async () => {
    const wrong = await post('/api/chat?format=smoke')
    expect(wrong.status).toBe(400)
    expect(await wrong.json()).toEqual({ error: `format is one of ${names.join(', ')}.` })
    expect((await post('/api/chat?speed=warp')).status).toBe(400)
    expect((await post('/api/chat?fault=flood')).status).toBe(400)
    expect((await post('/api/chat?chunks=crumbs')).status).toBe(400)
    expect((await post('/api/break?id=nobody')).status).toBe(404)
    expect((await post('/api/else')).status).toBe(404)
    expect((await fetch(`${server.url}/api/chat`)).status).toBe(405)
    expect((await fetch(`${server.url}/`)).status).toBe(404)
  })

  it('counts the streams that run, and notices a reader that leaves', async () => {
    const stream = streamChat({ url: `${server.url}/api/chat?fault=stall&speed=burst`, json: {} })
    await stream.next()
    expect(server.streamCount()).toBe(1)
    await stream.return()
    await vi.waitFor(() => expect(server.streamCount()).toBe(0))
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
