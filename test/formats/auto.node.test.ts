import type { ChatEvent } from 'chatwire'
import { readChat } from 'chatwire'
import { describe, expect, test } from 'vitest'
import {
  type AutoRow,
  ambiguous,
  changes,
  handNamed,
  handWritten,
  names,
  rules,
  settled,
} from '../fixtures/auto.ts'
import { byteByByte, twoWayCuts } from '../helpers/cut.ts'
import { utf8 } from '../helpers/encode.ts'
import type { FormatName } from '../helpers/fixture.ts'
import { formatOf } from '../helpers/fixture.ts'
import { checkPromises, doneOf, merged, run } from '../helpers/run.ts'
import { streamOf } from '../helpers/stream.ts'

function read(
  chunks: readonly Uint8Array[],
  headers: Record<string, string> = {},
  format?: FormatName,
): Promise<ChatEvent[]> {
  const init = { headers: { 'content-type': 'text/event-stream', ...headers } }
  const response = new Response(streamOf(chunks), init)
  return run(readChat(response, format === undefined ? {} : { format: formatOf(format) }))
}

function testRows(rows: readonly AutoRow[]): void {
  for (const row of rows) {
    test(row.first, async () => {
      const { headers, format, body } = row
      const bytes = utf8(body)
      const whole = await read([bytes], headers)
      checkPromises(whole)
      const done = doneOf(whole)
      expect([done.text, done.finishReason, done.error?.code]).toEqual([
        row.text ?? 'Hello',
        row.finishReason,
        row.error,
      ])
      const events = merged(whole, body)
      if (row.data !== undefined) {
        const told = whole.flatMap((event) => (event.type === 'data' ? [event.name] : []))
        expect(told).toEqual(row.data)
      }
      if (format !== undefined) {
        expect(merged(await read([bytes], headers, format), body)).toEqual(events)
      }
      for (const chunks of [byteByByte(bytes), ...twoWayCuts(bytes)]) {
        expect(merged(await read(chunks, headers), body)).toEqual(events)
      }
    })
  }
}

describe('the first payload tells the format', () => testRows(rules))
describe('a first payload that could be of several formats is told by its shape', () =>
  testRows(ambiguous))
describe('the payload tells more than the name of its event', () => testRows(names))
describe('hand-written frames are told from those of a format with the same type', () =>
  testRows(handWritten))
describe('hand-written frames are told from those of a format with the same event name', () =>
  testRows(handNamed))
describe('the format may change before any text came, after', () => testRows(changes))
describe('the format stays once text came, after', () => testRows(settled))

test('the rows of a format are such that hand-written frames would be read otherwise', async () => {
  for (const { first, body, headers, format, error } of [...rules, ...ambiguous, ...names]) {
    if (format === undefined || format === 'plain' || error !== undefined) continue
    const bytes = [utf8(body)]
    const own = merged(await read(bytes, headers, format), body)
    expect(merged(await read(bytes, headers, 'plain'), body), first).not.toEqual(own)
  }
})
