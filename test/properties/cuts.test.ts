import type { ChatEvent } from 'chatwire'
import { readChat } from 'chatwire'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { frameFixtures } from '../fixtures/all.ts'
import { frames } from '../helpers/arbitrary.ts'
import { cutByFractions, fractions } from '../helpers/cut.ts'
import { utf8 } from '../helpers/encode.ts'
import { json } from '../helpers/fixture.ts'
import { checkPromises, doneOf, merged, run } from '../helpers/run.ts'
import { iterableOf, responseOf, streamOf } from '../helpers/stream.ts'

test('random frames, cut anywhere, give the same events', async () => {
  const contentTypes = fc.constantFrom(
    'text/event-stream',
    'application/x-ndjson',
    'text/plain',
    undefined,
  )
  await fc.assert(
    fc.asyncProperty(frames, fractions, contentTypes, async (body, cuts, contentType) => {
      const whole = await run(readChat(responseOf([utf8(body)], contentType)))
      const cut = await run(readChat(responseOf(cutByFractions(utf8(body), cuts), contentType)))
      expect(merged(cut, body)).toEqual(merged(whole, body))
    }),
    { numRuns: 1500 },
  )
})

test('a response, a stream and an iterable of bytes or text give the same events', async () => {
  const streams = frameFixtures.filter(
    ({ contentType, sniffed }) => contentType === 'text/event-stream' && sniffed !== false,
  )
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...streams),
      fractions,
      async ({ body, contentType }, cuts) => {
        const chunks = cutByFractions(utf8(body), cuts)
        const expected = merged(await run(readChat(responseOf(chunks, contentType))), body)
        for (const source of [streamOf(chunks), iterableOf(chunks), iterableOf([...body])]) {
          const events = await run(readChat(source))
          checkPromises(events)
          expect(merged(events, body)).toEqual(expected)
        }
      },
    ),
    { numRuns: 300 },
  )
})

/**
 * Formats that may say more than once why the answer finished: with every chunk, every run, every
 * node. Only the last word counts, and a broken connection may not let it through.
 */
const isSaidOften = /^(?:agui|gemini|langgraph)$/

function finishReasons(body: string): number {
  return [...body.matchAll(/"finish_?reason":/gi)].length
}

/** Whether a server's tool loop goes on after a finish reason. */
function hasTurns(body: string): boolean {
  const words = [...body.matchAll(/"finish_reason":("\w+")/g)].map(([, word]) => word)
  return new Set(words).size > 1 || body.includes('chunk.message:')
}

const reset = new TypeError('reset by the test')

/** The part of a body that is whole frames. */
function wholeFrames(body: Uint8Array, contentType: string): Uint8Array {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(body)
  // Lines of JSON, whatever the content type calls them.
  const end = text.trimStart().startsWith('{') ? /\n/g : /(?:\r\n|\n|\r(?!\n))(?:\r\n|\n|\r)/g
  const last = [...text.matchAll(end)].at(-1)
  const length = last === undefined ? 0 : last.index + last[0].length
  // Under the name of JSON a value is whole as soon as it closes, be there a line or not.
  const isClosed = contentType === json && isObjectText(text.slice(length))
  return isClosed ? body : utf8(text.slice(0, length))
}

function isObjectText(text: string): boolean {
  try {
    return text.startsWith('{') && typeof JSON.parse(text) === 'object'
  } catch {
    return false
  }
}

test('a connection lost anywhere loses no frame, and is a network error unless the answer was over', async () => {
  const streams = frameFixtures.filter(
    ({ body, contentType, format, end, expect }) =>
      expect.error === undefined &&
      !(isSaidOften.test(format) && (end === undefined || finishReasons(body) > 1)) &&
      !(format === 'openaiChat' && hasTurns(body)) &&
      // A whole JSON answer has no frames; and what is left of a stream that calls itself plain
      // text may well be plain text.
      !/^(?:\{\n|\[)/.test(body) &&
      /[\r\n]/.test(body) &&
      !contentType.startsWith('text/plain'),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...streams),
      fc.nat(),
      fractions,
      async ({ body, contentType, expect: whole }, at, cuts) => {
        const bytes = utf8(body)
        const cut = bytes.subarray(0, at % (bytes.length + 1))
        const chunks = cutByFractions(cut, cuts)
        const done = doneOf(
          await expectPromises(run(readChat(responseOf(chunks, contentType, { error: reset })))),
        )
        if (done.error === undefined) expect(done.finishReason).toBe(whole.finishReason)
        else expect(done.error).toMatchObject({ code: 'network', cause: reset })

        const kept = wholeFrames(cut, contentType)
        const clean = doneOf(await run(readChat(responseOf([kept], contentType))))
        expect([done.text, done.reasoning, done.refusal]).toEqual([
          clean.text,
          clean.reasoning,
          clean.refusal,
        ])
      },
    ),
    { numRuns: 2000 },
  )
})

async function expectPromises(events: Promise<ChatEvent[]>): Promise<ChatEvent[]> {
  checkPromises(await events)
  return events
}

test('what came before a connection is lost is delivered, also if it looked like the start of something', async () => {
  const bodies = [
    ['application/json', '{"text":"Hello"}\n'],
    [
      'application/json',
      '{"id":"c","choices":[{"index":0,"message":{"content":"Hello"},"finish_reason":"stop"}]}',
    ],
    ['application/x-ndjson', '{"text":"Hello"}\n'],
    ['text/event-stream', 'data: {"text":"Hello"}\n\n'],
    ['text/plain', 'Hello'],
    ['text/plain', 'id'],
    ['text/plain', 'data'],
    ['text/plain', '{'],
  ] as const
  for (const [contentType, body] of bodies) {
    const response = responseOf([utf8(body)], contentType, { error: reset })
    const done = doneOf(await expectPromises(run(readChat(response))))
    expect(done.text, `${contentType}: ${body}`).toBe(body.includes('Hello') ? 'Hello' : body)
  }
})
