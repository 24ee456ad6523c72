import { describe, expect, test } from 'vitest'
import * as chatwire from '../../conformance/adapters/chatwire.ts'
import * as eventsourceParser from '../../conformance/adapters/eventsource-parser.ts'
import {
  type ChatReading,
  checkSse,
  checkStream,
  type SseReading,
} from '../../conformance/check.ts'
import {
  bodyOf,
  readFormatFiles,
  readSseFile,
  type SseVector,
  type StreamVector,
} from '../../conformance/vectors.ts'

const { vectors: sseVectors } = await readSseFile()
const formatFiles = await readFormatFiles()

/** Bodies of up to so many bytes are cut in two everywhere, longer ones at a few places. */
const SHORT = 250
const mostCuts = (vector: SseVector | StreamVector) => (bodyOf(vector).length <= SHORT ? SHORT : 10)

/** The names of those that fail, and why. */
async function failuresOf<Vector extends { name: string }>(
  vectors: readonly Vector[],
  check: (vector: Vector) => Promise<void>,
): Promise<string[]> {
  const failures: string[] = []
  for (const vector of vectors) {
    await check(vector).catch((error) => failures.push(`${vector.name}: ${error}`))
  }
  return failures
}

describe('chatwire', () => {
  test('reads every event stream as it should', async () => {
    expect(sseVectors.length).toBeGreaterThan(390)
    const check = (vector: SseVector) => checkSse(chatwire.readSse, vector, mostCuts(vector))
    expect(await failuresOf(sseVectors, check)).toEqual([])
  })

  for (const file of formatFiles) {
    test(`reads every answer as it should: ${file.format}`, async () => {
      const check = (vector: StreamVector) =>
        checkStream(chatwire.readChat, file, vector, mostCuts(vector))
      expect(file.vectors.length).toBeGreaterThan(20)
      expect(await failuresOf(file.vectors, check)).toEqual([])
    })
  }
})

test('eventsource-parser takes the letters of a byte order mark for one, and reads all else', async () => {
  const check = (vector: SseVector) => checkSse(eventsourceParser.readSse, vector, mostCuts(vector))
  const failures = await failuresOf(sseVectors, check)
  expect(failures.map((failure) => failure.replace(/:.*/, ''))).toEqual([
    'the letters of a misread BOM are letters',
  ])
})

describe('a reader of event streams fails', () => {
  const failing = async (readSse: typeof chatwire.readSse) =>
    (await failuresOf(sseVectors, (vector) => checkSse(readSse, vector, 20))).length
  const changed = (change: (reading: SseReading) => void) =>
    failing(async (chunks) => {
      const reading = await chatwire.readSse(chunks)
      change(reading)
      return reading
    })

  test('if it splits each chunk by itself', async () => {
    const readSse = async (chunks: AsyncIterable<Uint8Array>): Promise<SseReading> => {
      const events: SseReading['events'] = []
      for await (const chunk of chunks) {
        for (const block of new TextDecoder().decode(chunk).split('\n\n')) {
          if (block.startsWith('data: ')) events.push(['message', block.slice(6), ''])
        }
      }
      return { events }
    }
    expect(await failing(readSse)).toBeGreaterThan(350)
  })

  const having = (is: (vector: SseVector) => boolean) => sseVectors.filter(is).length
  const part = (index: number, value: string) =>
    changed(({ events }) => {
      for (const event of events) event[index] = value
    })

  test('if it loses or adds an event, a type or an id', async () => {
    expect(await changed(() => {})).toBe(0)
    expect(await changed(({ events }) => events.pop())).toBe(
      having(({ events }) => events.length > 0),
    )
    expect(await changed(({ events }) => events.push(['message', '', '']))).toBe(sseVectors.length)
    const typed = having(({ events }) => events.some(([type]) => type !== 'message'))
    expect(typed).toBeGreaterThan(30)
    expect(await part(0, 'message')).toBe(typed)
    const withId = having(({ events }) => events.some(([, , id]) => id !== ''))
    expect(withId).toBeGreaterThan(30)
    expect(await part(2, '')).toBe(withId)
  })

  test('if it tells another reconnection time than the last', async () => {
    const told = (time: number | null) =>
      changed((reading) => {
        reading.reconnectionTime = time
      })
    expect(await told(null)).toBe(
      having(({ reconnectionTime }) => typeof reconnectionTime === 'string'),
    )
    // All but the one where the standard is open.
    expect(await told(1)).toBe(sseVectors.length - 1)
  })

  test('unless it tells no reconnection time at all', async () => {
    expect(
      await failing(async (chunks) => ({ events: (await chatwire.readSse(chunks)).events })),
    ).toBe(0)
  })

  test('if it throws', async () => {
    const [vector] = sseVectors
    if (vector === undefined) throw new Error('there is no vector')
    const readSse = () => Promise.reject(new Error('no'))
    await expect(checkSse(readSse, vector, 1)).rejects.toThrow(
      'whole: the adapter threw: Error: no',
    )
  })
})

describe('a reader of answers fails', () => {
  const call = { id: 't', name: 'f', input: { x: 1 }, inputText: '{"x":1}' }
  const whole: ChatReading & StreamVector['expect'] = {
    text: 'Hello',
    reasoning: 'Hm',
    refusal: '',
    finishReason: 'tool-calls',
    rawFinishReason: 'tool_calls',
    toolCalls: [call],
    toolResults: [{ id: 't', output: 1, isError: false }],
    sources: [{ url: 'https://a.example/' }],
    files: [{ mediaType: 'image/png', url: 'https://a.example/' }],
    usage: { inputTokens: 1 },
    id: 'c',
    model: null,
    data: ['audio'],
    choices: { 1: 'World' },
    error: null,
  }
  const vector: StreamVector = {
    name: 'a call',
    contentType: 'text/event-stream',
    detectable: true,
    body: 'data: 1\n\n',
    expect: whole,
  }
  const file = { format: 'plain', cutOff: 'truncated' } as const
  const fault = async (
    reading: ChatReading,
    expected: Partial<StreamVector['expect']> = {},
  ): Promise<string> => {
    const changed = { ...vector, expect: { ...whole, ...expected } }
    return checkStream(async () => reading, file, changed, 1).then(
      () => 'none',
      (error: Error) => error.message,
    )
  }

  test('if one part of the answer is not what it should be', async () => {
    expect(await fault(whole)).toBe('none')
    const changes: Partial<ChatReading> = {
      text: 'Hell',
      reasoning: '',
      refusal: 'No',
      finishReason: 'stop',
      rawFinishReason: null,
      toolCalls: [{ ...call, inputText: '{}' }],
      toolResults: [],
      files: [],
      usage: { inputTokens: 1, outputTokens: 2 },
      id: 'd',
      model: 'm',
      choices: {},
    }
    for (const [key, value] of Object.entries(changes)) {
      expect(await fault({ ...whole, [key]: value })).toMatch(new RegExp(`^whole: ${key} is `))
    }
    expect(await fault({ ...whole, sources: [{ url: 'https://b.example/' }] })).toMatch(
      'sources is',
    )
    expect(await fault({ ...whole, sources: [] })).toMatch('sources is')
    expect(await fault({ ...whole, data: [] })).toMatch('missing data is ["audio"]')
    expect(await fault({ ...whole, error: { code: 'truncated' } })).toMatch('error is')
  })

  test('if a call has an empty id, or two have the same, also where any id will do', async () => {
    const { id: _, ...any } = call
    const two = { toolCalls: [any, any] }
    const other = { ...call, id: 'u' }
    expect(await fault({ ...whole, toolCalls: [call, other] }, two)).toBe('none')
    expect(await fault({ ...whole, toolCalls: [call, call] }, two)).toMatch('id of a call')
    expect(await fault({ ...whole, toolCalls: [call, { ...call, id: '' }] }, two)).toMatch(
      'id of a call',
    )
    expect(await fault({ ...whole, toolCalls: [other] })).toMatch('toolCalls is')
  })

  test('if the error is another one', async () => {
    const error = { code: 'provider', providerCode: 'E1', messageIncludes: 'broke' }
    const expected = { finishReason: 'error', error }
    const failed = (told: ChatReading['error']) =>
      fault({ ...whole, finishReason: 'error', error: told }, expected)
    expect(await failed({ code: 'provider', providerCode: 'E1', message: 'it broke' })).toBe('none')
    expect(await failed({ code: 'provider' })).toBe('none')
    expect(await failed(null)).toMatch('error is null')
    expect(await failed({ code: 'malformed' })).toMatch('error.code is')
    expect(await failed({ code: 'provider', providerCode: 'E2' })).toMatch('error.providerCode is')
    expect(await failed({ code: 'provider', message: 'no' })).toMatch('error.message is')
  })

  test('if what was cut off is complete to it, or more than came', async () => {
    const cut = { ...vector, completeFrom: 5 }
    const reading =
      (answer: Partial<ChatReading>): typeof chatwire.readChat =>
      async (chunks) => {
        let length = 0
        for await (const chunk of chunks) length += chunk.length
        return length === 9
          ? whole
          : { text: '', finishReason: 'error', error: { code: 'truncated' }, ...answer }
      }
    const check = (answer: Partial<ChatReading>, cutOff: 'truncated' | 'unknown' = 'truncated') =>
      checkStream(reading(answer), { format: 'plain', cutOff }, cut, 10)
    await check({ text: 'Hel' })
    await check({ finishReason: 'unknown', error: null }, 'unknown')
    await check({}, 'unknown')
    const where = 'without what follows byte 0: '
    await expect(check(whole)).rejects.toThrow(`${where}error.code is undefined`)
    await expect(check(whole, 'unknown')).rejects.toThrow(`${where}error.code is undefined`)
    await expect(check({ finishReason: 'unknown', error: null })).rejects.toThrow(where)
    await expect(check({ text: 'Hex' })).rejects.toThrow(`${where}text is "Hex"`)
    await expect(check({ reasoning: 'Hm.' })).rejects.toThrow(`${where}reasoning is "Hm."`)
  })
})
