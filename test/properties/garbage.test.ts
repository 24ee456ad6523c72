import type { ChatEvent, ReadOptions } from 'chatwire'
import { readChat } from 'chatwire'
import { select } from 'chatwire/formats'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { frameFixtures } from '../fixtures/all.ts'
import { frames } from '../helpers/arbitrary.ts'
import { cutByFractions, fractions } from '../helpers/cut.ts'
import { bytes, utf8 } from '../helpers/encode.ts'
import { formatOf } from '../helpers/fixture.ts'
import { checkPromises, doneOf, run } from '../helpers/run.ts'
import { responseOf } from '../helpers/stream.ts'

const contentTypes = fc.constantFrom(
  'text/event-stream',
  'application/json',
  'application/x-ndjson',
  'text/plain',
  undefined,
)

const formatNames = ['rawText', ...new Set(frameFixtures.map(({ format }) => format))] as const

const options: fc.Arbitrary<ReadOptions> = fc.constantFrom(
  {},
  ...formatNames.map((name) => ({ format: formatOf(name) })),
  { format: select(() => undefined) },
  { requireEnd: true },
)

/** What the body alone can be blamed for. No timer ran, no function of the caller's failed. */
const codes = ['malformed', 'truncated', 'provider', 'content-type']

async function expectDocumented(
  body: Uint8Array,
  cuts: readonly number[],
  contentType: string | undefined,
  options: ReadOptions,
): Promise<ChatEvent[]> {
  const events = await run(readChat(responseOf(cutByFractions(body, cuts), contentType), options))
  checkPromises(events)
  const { error } = doneOf(events)
  if (error !== undefined) expect(codes).toContain(error.code)
  return events
}

const text = fc.string({ unit: 'binary', maxLength: 60 })

test('random bytes end in a documented way', async () => {
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc
      .array(fc.oneof(text, fc.constantFrom('data: ', '\n\n', '{', '}', '"', '[')), {
        maxLength: 8,
      })
      .map((parts) => utf8(parts.join(''))),
  )
  await fc.assert(fc.asyncProperty(body, fractions, contentTypes, options, expectRandom), {
    numRuns: 1000,
  })
})

test('frames of random JSON end in a documented way', async () => {
  const body = frames.map(utf8)
  await fc.assert(fc.asyncProperty(body, fractions, contentTypes, options, expectRandom), {
    numRuns: 3000,
  })
})

test('real streams with damaged bytes end in a documented way', async () => {
  const bodies = frameFixtures.map(({ body }) => utf8(body))
  const damaged = fc
    .tuple(
      fc.constantFrom(...bodies),
      fc.nat(),
      fc.nat({ max: 8 }),
      fc.uint8Array({ maxLength: 4 }),
    )
    .map(([body, at, removed, added]) => {
      const position = at % (body.length + 1)
      return bytes(body.subarray(0, position), added, body.subarray(position + removed))
    })
  await fc.assert(fc.asyncProperty(damaged, fractions, contentTypes, options, expectRandom), {
    numRuns: 1500,
  })
})

async function expectRandom(...args: Parameters<typeof expectDocumented>): Promise<void> {
  await expectDocumented(...args)
}

test('names of the wire reach no prototype', async () => {
  const before = Object.getOwnPropertyNames(Object.prototype).join()
  const poison =
    '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"x":{"__proto__":{"polluted":1}}}'
  const bodies = [
    `{"text":"a","__proto__":{"text":"b","polluted":1}}`,
    `{"type":"__proto__","__proto__":{"polluted":1}}`,
    `{"done":true,"usage":${poison}}`,
    `{"error":${poison}}`,
    `{"id":"c","choices":[{"index":"__proto__","delta":{"content":"a","__proto__":{"polluted":1}}}]}`,
    `{"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":"__proto__","id":"__proto__","function":{"name":"__proto__","arguments":${JSON.stringify(poison)}}}]}}],"usage":${poison}}`,
    `{"type":"message_start","message":{"id":"__proto__","content":[],"usage":${poison},"__proto__":{"polluted":1}}}`,
    `{"type":"content_block_start","index":"__proto__","content_block":{"type":"__proto__","polluted":1}}`,
    `{"type":"content_block_start","index":"constructor","content_block":{"type":"tool_use","id":"__proto__","name":"x","input":${poison}}}`,
    poison,
  ]
  const body = fc
    .array(
      fc.tuple(
        fc.constantFrom(...bodies),
        fc.constantFrom('', 'event: __proto__\n', 'event: constructor\nid: __proto__\n'),
      ),
      { maxLength: 5 },
    )
    .map((parts) => utf8(parts.map(([payload, head]) => `${head}data: ${payload}\n\n`).join('')))
  await fc.assert(
    fc.asyncProperty(body, fractions, contentTypes, options, async (...args) => {
      const events = await expectDocumented(...args)
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
      for (const event of events) expect(Object.getPrototypeOf(event)).toBe(Object.prototype)
      expect(Object.getOwnPropertyNames(Object.prototype).join()).toBe(before)
    }),
    { numRuns: 500 },
  )
})

test('arguments keep their dangerous keys as keys of their own', async () => {
  const text = '{"__proto__":{"admin":true},"constructor":1}'
  const body = `data: {"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"t","function":{"name":"f","arguments":${JSON.stringify(text)}}}]},"finish_reason":"tool_calls"}]}\n\n`
  const { toolCalls } = doneOf(await expectDocumented(utf8(body), [], 'text/event-stream', {}))
  const input = toolCalls[0]?.input as Record<string, unknown>
  expect(Object.keys(input)).toEqual(['__proto__', 'constructor'])
  expect(Object.getPrototypeOf(input)).toBe(Object.prototype)
  expect(input['admin']).toBeUndefined()
})
