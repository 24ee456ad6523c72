/**
 * Writes conformance/sse.json and conformance/formats/*.json from the tables in test/fixtures, and
 * into their README how many there are: `npm run conformance:write`.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import type {
  Body,
  ExpectedAnswer,
  ExpectedCall,
  FormatFile,
  SseFile,
  SseVector,
  StreamVector,
} from '../conformance/vectors.ts'
import { allFixtures, markedFixtures } from '../test/fixtures/all.ts'
import { hugeTimes, longStreams } from '../test/fixtures/sse/long.ts'
import type { SseGroup, SseRow } from '../test/fixtures/sse/row.ts'
import { eventsOf, sseGroups } from '../test/fixtures/sse.ts'
import { bytes, utf8 } from '../test/helpers/encode.ts'
import type { Expected, Fixture } from '../test/helpers/fixture.ts'

/** As text where that is the same bytes again. */
function bodyOf(body: string | Uint8Array): Body {
  const all = bytes(body)
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(all)
  if (Buffer.compare(utf8(text), all) === 0) return { body: text }
  return { bodyBase64: Buffer.from(all).toString('base64') }
}

function sseVector({ section, says }: SseGroup, row: SseRow): SseVector {
  const events = eventsOf(row.events)
  return {
    name: row.rule,
    rule: says,
    section,
    ...bodyOf(row.body),
    events: events.map(({ type, data, lastEventId }) => [type, data, lastEventId]),
    ...(!row.isRetryOpen && { reconnectionTime: row.retries?.at(-1) ?? null }),
  }
}

/** The page for event streams: every rule in the order of the standard. */
export const sseFile: SseFile & { $schema: string } = {
  $schema: './schema/sse.schema.json',
  specification: 'https://html.spec.whatwg.org/multipage/server-sent-events.html',
  vectors: [...sseGroups, hugeTimes, longStreams].flatMap((group) =>
    group.rows.map((row) => sseVector(group, row)),
  ),
}

function answerOf(expected: Expected): ExpectedAnswer {
  const { text = '', reasoning = '', refusal = '', finishReason } = expected
  const { toolCalls = [], toolResults = [], files = [], sources = [] } = expected
  const { says, ...error } = expected.error ?? { code: undefined }
  return {
    text,
    reasoning,
    refusal,
    finishReason,
    ...('rawFinishReason' in expected && { rawFinishReason: expected.rawFinishReason ?? null }),
    toolCalls: toolCalls.map((call): ExpectedCall => ({ ...call })),
    toolResults: toolResults.map((result) => ({ ...result })),
    ...(sources !== 'any' && { sources: [...sources] }),
    files: [...files],
    ...('usage' in expected && { usage: expected.usage ? { ...expected.usage } : null }),
    ...('id' in expected && { id: expected.id ?? null }),
    ...('model' in expected && { model: expected.model ?? null }),
    ...(expected.data && { data: [...expected.data] }),
    ...(expected.choices && { choices: { ...expected.choices } }),
    error:
      error.code === undefined
        ? null
        : { ...error, code: error.code, ...(says !== undefined && { messageIncludes: says }) },
  }
}

function streamVector({ name, contentType, body, sniffed, end, expect }: Fixture): StreamVector {
  const completeFrom = end === undefined ? -1 : utf8(body.slice(0, body.indexOf(end))).length
  return {
    name,
    contentType,
    detectable: sniffed !== false,
    ...bodyOf(body),
    expect: answerOf(expect),
    ...(completeFrom > 0 && { completeFrom }),
  }
}

/** The page of each format, by the name of its file. */
export const formatFiles: ReadonlyMap<string, FormatFile & { $schema: string }> = new Map(
  [...new Set(allFixtures.map(({ format }) => format))].map((format) => {
    const name = format.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
    const isMarked = markedFixtures.some((fixture) => fixture.format === format)
    const vectors = allFixtures.filter((fixture) => fixture.format === format).map(streamVector)
    const $schema = '../schema/format.schema.json'
    return [name, { $schema, format, cutOff: isMarked ? 'truncated' : 'unknown', vectors }]
  }),
)

/** JSON in ASCII, so that no editor and no reader of files changes what it cannot show. */
function ascii(value: unknown): string {
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
  return `${JSON.stringify(value).replaceAll(/[\u007f-\uffff]/g, escaped)}\n`
}

if (import.meta.main) {
  const folder = new URL('../conformance/', import.meta.url)
  await writeFile(new URL('sse.json', folder), ascii(sseFile))
  await rm(new URL('formats/', folder), { recursive: true, force: true })
  await mkdir(new URL('formats/', folder))
  for (const [name, file] of formatFiles) {
    await writeFile(new URL(`formats/${name}.json`, folder), ascii(file))
  }
  const page = new URL('README.md', folder)
  const answers = [...formatFiles.values()].flatMap(({ vectors }) => vectors)
  const counted = (await readFile(page, 'utf8'))
    .replace(/\d+ event streams/, `${sseFile.vectors.length} event streams`)
    .replace(/\d+ answers/, `${answers.length} answers`)
  await writeFile(page, counted)
}
