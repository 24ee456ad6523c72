import type { ChatEvent, ReadOptions } from 'chatwire'
import { createSseDecoder, readChat } from 'chatwire'
import { describe, expect, test } from 'vitest'
import { aguiFixtures } from '../fixtures/agui.ts'
import { aiSdkFixtures } from '../fixtures/ai-sdk.ts'
import { aiSdkDataFixtures } from '../fixtures/ai-sdk-data.ts'
import { anthropicFixtures } from '../fixtures/anthropic.ts'
import { cohereFixtures } from '../fixtures/cohere.ts'
import { geminiFixtures } from '../fixtures/gemini.ts'
import { geminiInteractionsFixtures } from '../fixtures/gemini-interactions.ts'
import { ollamaFixtures } from '../fixtures/ollama.ts'
import { openaiChatFixtures } from '../fixtures/openai-chat.ts'
import { openaiResponsesFixtures } from '../fixtures/openai-responses.ts'
import { plainFixtures } from '../fixtures/plain.ts'
import { byteByByte, twoWayCuts } from '../helpers/cut.ts'
import { ndjson, sse, utf8 } from '../helpers/encode.ts'
import type { Fixture } from '../helpers/fixture.ts'
import { eventStream, expectResult, formatOf, json, jsonLines } from '../helpers/fixture.ts'
import { checkPromises, mergedText, run } from '../helpers/run.ts'
import { responseOf } from '../helpers/stream.ts'
import {
  arrays,
  compact,
  dataLines,
  eventStreams,
  type Framing,
  lines,
  pretty,
  text,
  values,
} from './framings.ts'

const objectFixtures = [
  ...openaiChatFixtures,
  ...anthropicFixtures,
  ...openaiResponsesFixtures,
  ...geminiFixtures,
  ...geminiInteractionsFixtures,
  ...aiSdkFixtures,
  ...aguiFixtures,
  ...cohereFixtures,
  ...ollamaFixtures,
  ...plainFixtures,
]

/**
 * The payloads of a row whose frames are nothing but objects and `[DONE]`: what stands around them,
 * the name of the event included, says nothing that they do not say themselves. None for other rows.
 */
function payloadsOf({ body, contentType }: Fixture): string[] {
  const payloads: string[] = []
  if (contentType === jsonLines) {
    payloads.push(...body.split(/\r?\n/).filter((line) => line !== ''))
  } else {
    const decoder = createSseDecoder({ lenientEnd: true })
    const emit = (event: { type: string; data: string }): void => {
      const isTold = event.type === 'message' || event.data.includes(`"${event.type}"`)
      payloads.push(isTold || event.data === '[DONE]' ? event.data : 'the name counts')
    }
    decoder.push(body, emit)
    decoder.end(emit)
  }
  const isWire = payloads.every((payload) => payload === '[DONE]' || isObjectText(payload))
  return isWire && payloads.length > 1 ? payloads : []
}

function isObjectText(payload: string): boolean {
  try {
    return payload.startsWith('{') && typeof JSON.parse(payload) === 'object'
  } catch {
    return false
  }
}

/** Rows of which the framing itself is the point. */
const isAboutFraming = ({ name }: Fixture): boolean =>
  /^the end is event: \w+ without data$/.test(name)

/** Whether an array, which cannot hold `[DONE]`, may lack it: the row names what tells its end. */
const endsWithoutDone = ({ format, body, end = '[DONE]' }: Fixture): boolean =>
  format === 'plain' || !body.includes('[DONE]') || !end.includes('[DONE]')

/** Bare JSON under no label, or that of text, is told from text by its first key. These have others. */
const hasOwnKeys = ({ name }: Fixture): boolean => /^(?:TGI|watsonx):/.test(name)

const read = (
  chunks: readonly Uint8Array[],
  contentType: string | undefined,
  options: ReadOptions,
): Promise<ChatEvent[]> => run(readChat(responseOf(chunks, contentType), options))

const rows = objectFixtures.flatMap((fixture) => {
  const payloads = fixture.variant ? [] : payloadsOf(fixture)
  return payloads.length > 0 && !isAboutFraming(fixture) ? [{ fixture, payloads }] : []
})

const names = [...new Set(rows.map(({ fixture }) => fixture.format))]

const dataRows = aiSdkDataFixtures.flatMap((fixture) => {
  const payloads = fixture.body.split('\n').filter((line) => line !== '')
  const isWire = payloads.length > 1 && payloads.every((line) => /^[0-9a-k]:["{[]/.test(line))
  return isWire ? [{ fixture, payloads }] : []
})

/** One row of each format, which is cut in every way. */
const shortest = new Set(
  [...names, 'aiSdkData'].flatMap((format) =>
    [...rows, ...dataRows]
      .map(({ fixture }) => fixture)
      .filter((fixture) => fixture.format === format)
      .sort((a, b) => a.body.length - b.body.length)
      .slice(0, 1),
  ),
)

/** In bytes: what is shorter is read byte by byte, too. */
const SHORT = 200

/** The events of the row as it stands, as JSON; read once for all framings. */
const originals = new Map<Fixture, Promise<string>>()

function originalOf(fixture: Fixture): Promise<string> {
  const known = originals.get(fixture)
  if (known !== undefined) return known
  const options = fixture.sniffed === false ? { format: formatOf(fixture.format) } : {}
  const original = read([utf8(fixture.body)], fixture.contentType, options).then((events) => {
    expectResult(events, fixture.expect)
    return mergedText(events, fixture.body)
  })
  originals.set(fixture, original)
  return original
}

/** The payloads, put into the framing, give the events of the row as it stands, however they are cut. */
async function expectSame(
  fixture: Fixture,
  payloads: readonly string[],
  framing: Framing,
): Promise<void> {
  const body = framing.body(payloads)
  const bytes = utf8(body)
  const cuts: (readonly Uint8Array[])[] = [[bytes]]
  if (bytes.length < SHORT) cuts.push(byteByByte(bytes))
  if (shortest.has(fixture)) cuts.push(...twoWayCuts(bytes))
  const sniffed = cuts.map((chunks): readonly [readonly Uint8Array[], ReadOptions] => [chunks, {}])
  const readings = fixture.sniffed === false ? [] : sniffed
  readings.push([[bytes], { format: formatOf(fixture.format) }])

  const expected = await originalOf(fixture)
  for (const [chunks, options] of readings) {
    const events = await read(chunks, framing.contentType, options)
    checkPromises(events)
    const actual = mergedText(events, body)
    if (actual === expected) continue
    const cuts = chunks.map(({ length }) => length).join('+')
    expect(JSON.parse(actual), `${fixture.name}, cut at ${cuts}`).toEqual(JSON.parse(expected))
  }
}

/** `[DONE]` where the array cannot hold it: another end, or none where the format has its own. */
function withoutDone(fixture: Fixture, payloads: readonly string[]): string[] {
  const other = fixture.format === 'plain' ? ['{"done":true}'] : []
  return payloads.flatMap((payload) => (payload === '[DONE]' ? other : [payload]))
}

describe.each(names)('%s: the same payloads are the same answer', (format) => {
  const own = rows.filter(({ fixture }) => fixture.format === format)

  test('there are rows to compare', () => {
    expect(own.length).toBeGreaterThan(10)
  })

  test.each([...eventStreams, ...dataLines])('as $name', async (framing) => {
    for (const { fixture, payloads } of own) await expectSame(fixture, payloads, framing)
  })

  test.each([...lines, ...values])('as $name', async (framing) => {
    const isLabelled = framing.contentType !== undefined && framing.contentType !== text
    for (const { fixture, payloads } of own) {
      if (isLabelled || !hasOwnKeys(fixture)) await expectSame(fixture, payloads, framing)
    }
  })

  test.each(arrays)('as $name', async (framing) => {
    for (const { fixture, payloads } of own) {
      // The frame is part of such an error, white space and all.
      const isShown = fixture.expect.error?.code === 'malformed' && framing.name.includes('lines')
      if (!isShown && endsWithoutDone(fixture))
        await expectSame(fixture, withoutDone(fixture, payloads), framing)
    }
  })
})

describe('aiSdkData: the same lines are the same answer', () => {
  test('there are rows to compare', () => {
    expect(dataRows.length).toBeGreaterThan(20)
  })

  test.each([...eventStreams, ...lines])('as $name', async (framing) => {
    for (const { fixture, payloads } of dataRows) await expectSame(fixture, payloads, framing)
  })
})

describe('a whole answer is the same', () => {
  const own = objectFixtures.filter(
    ({ contentType, body, format, expect: { finishReason } }) =>
      contentType === json && isObjectText(body) && format !== 'plain' && finishReason !== 'error',
  )

  test('there are rows to compare', () => {
    expect(new Set(own.map(({ format }) => format)).size).toBeGreaterThan(5)
  })

  test.each<Framing>([
    { name: 'one object', contentType: json, body: ([all = '']) => all },
    {
      name: 'many lines, with CRLF and a byte order mark',
      contentType: 'application/json; charset=utf-8',
      body: ([all = '']) => `\uFEFF${pretty(all)}\r\n`,
    },
    { name: 'an object without a label', contentType: undefined, body: ([all = '']) => all },
    { name: 'an object labelled text', contentType: text, body: ([all = '']) => all },
    {
      name: 'an object labelled an event stream',
      contentType: eventStream,
      body: ([all = '']) => all,
    },
    { name: 'the only event of a stream', contentType: eventStream, body: (all) => sse(all) },
    { name: 'the only line', contentType: jsonLines, body: (all) => ndjson(all) },
    { name: 'the only element of an array', contentType: json, body: ([all]) => `[${all}]` },
  ])('as $name', async (framing) => {
    for (const fixture of own) await expectSame(fixture, [compact(fixture.body)], framing)
  })
})
