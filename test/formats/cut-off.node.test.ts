import type { ChatEvent, ReadOptions } from 'chatwire'
import { readChat } from 'chatwire'
import { expect, test } from 'vitest'
import { markedFixtures } from '../fixtures/all.ts'
import { langgraphFixtures } from '../fixtures/langgraph.ts'
import { plainFixtures } from '../fixtures/plain.ts'
import { rawTextFixtures } from '../fixtures/raw-text.ts'
import { sse, utf8 } from '../helpers/encode.ts'
import type { Fixture } from '../helpers/fixture.ts'
import { formatOf } from '../helpers/fixture.ts'
import { checkPromises, doneOf, run } from '../helpers/run.ts'
import { responseOf } from '../helpers/stream.ts'

/** How often one body is cut off. */
const MAX_CUTS = 150

/** The body cut where it does not yet show how the answer ended: at every `step`th byte. */
function* cutOff(fixture: Fixture, step = 1): Generator<Uint8Array> {
  const { end = '' } = fixture
  const body = utf8(fixture.body)
  const found = fixture.body.indexOf(end)
  if (found < 0) throw new Error(`the end of "${fixture.name}" is not in its body`)
  const length = utf8(fixture.body.slice(0, found)).length
  // What is longer is not cut off at every byte: each time all of it is read.
  const stride = Math.max(step, Math.ceil(length / MAX_CUTS))
  for (let position = 0; position <= length; position += stride) yield body.subarray(0, position)
}

function read(fixture: Fixture, body: Uint8Array, options: ReadOptions): Promise<ChatEvent[]> {
  return run(readChat(responseOf([body], fixture.contentType), options))
}

/** The text, reasoning and refusal of a cut body are a beginning of those of the whole. */
function expectPrefix(cut: readonly ChatEvent[], fixture: Fixture): void {
  const done = doneOf(cut)
  for (const kind of ['text', 'reasoning', 'refusal'] as const) {
    const whole = fixture.expect[kind] ?? ''
    if (!whole.startsWith(done[kind])) expect(done[kind], `${kind} is a beginning`).toBe(whole)
  }
}

const marked = markedFixtures.filter(({ end, sniffed }) => end !== undefined && sniffed !== false)

for (const fixture of marked) {
  // Every byte once; at steps of a prime where the path is the same as that of another test.
  const choices: [string, ReadOptions, number][] = [
    ['sniffed', {}, fixture.variant ? 7 : 1],
    ['named', { format: formatOf(fixture.format) }, 7],
  ]
  // A body of plain text that was cut after its first character may be plain text.
  if (fixture.contentType.startsWith('text/plain')) choices.shift()
  for (const [choice, options, step] of choices) {
    test(`cut off before its end it is truncated: ${fixture.format}, ${fixture.name} (${choice})`, async () => {
      for (const body of cutOff(fixture, step)) {
        const events = await read(fixture, body, options)
        checkPromises(events)
        const { finishReason, error } = doneOf(events)
        if (finishReason !== 'error' || error?.code !== 'truncated') {
          expect([finishReason, error], `cut at ${body.length}`).toEqual(['error', 'truncated'])
        }
        expectPrefix(events, fixture)
      }
    })
  }
}

const unmarked = [...plainFixtures, ...langgraphFixtures].filter(({ end }) => end !== undefined)

for (const fixture of unmarked) {
  test(`cut off before its end it never stops: ${fixture.format}, ${fixture.name}`, async () => {
    for (const body of cutOff(fixture)) {
      const events = await read(fixture, body, {})
      checkPromises(events)
      const { finishReason, error } = doneOf(events)
      if (finishReason !== 'unknown') {
        expect([finishReason, error?.code], `cut at ${body.length}`).toEqual(['error', 'truncated'])
      }
      expectPrefix(events, fixture)

      const strict = doneOf(await read(fixture, body, { requireEnd: true }))
      expect(strict.error?.code, `cut at ${body.length}, requireEnd`).toBe('truncated')
    }
  })
}

for (const [choice, options] of [
  ['sniffed', {}],
  ['named', { format: formatOf('rawText') }],
] as const) {
  test(`plain text that is cut anywhere is a beginning, never said to be complete (${choice})`, async () => {
    for (const fixture of rawTextFixtures) {
      if (choice === 'sniffed' && fixture.sniffed === false) continue
      const body = utf8(fixture.body)
      for (let position = 1; position <= body.length; position += 1) {
        const cut = body.subarray(0, position)
        const text = new TextDecoder().decode(cut)
        // A format that is guessed may take a body of nothing but white space for an empty one.
        if (text.trim() === '') continue
        const events = await read(fixture, cut, options)
        checkPromises(events)
        const done = doneOf(events)
        if (fixture.body.startsWith(text)) {
          expect([done.text, done.finishReason, done.error]).toEqual([text, 'unknown', undefined])
        } else {
          // Cut inside a character: the rest of it is a replacement character, or a cut-off.
          expect(['unknown', 'error']).toContain(done.finishReason)
          expect(fixture.body.startsWith(done.text.replace(/\uFFFD+$/, ''))).toBe(true)
        }
      }
    }
  })
}

test('a parallel answer that is cut off after the first one finished has no whole tool call', async () => {
  const call = { index: 0, id: 't', function: { name: 'f', arguments: '{"x":' } }
  const chunks = [
    { id: 'c', choices: [{ index: 1, delta: { tool_calls: [call] } }] },
    { id: 'c', choices: [{ index: 0, delta: { content: 'Hi' }, finish_reason: 'stop' }] },
  ]
  const events = await run(readChat(responseOf([utf8(sse(chunks))], 'text/event-stream')))
  checkPromises(events)
  expect(events.filter(({ type }) => type === 'tool-call')).toEqual([])
})

test('raw text that must have an end never has one', async () => {
  const body = utf8('Hello')
  const options = { format: formatOf('rawText'), requireEnd: true }
  const events = await run(readChat(responseOf([body], 'text/plain'), options))
  checkPromises(events)
  expect(doneOf(events)).toMatchObject({ text: 'Hello', error: { code: 'truncated' } })
})
