import type { ChatEvent } from 'chatwire'
import { readChat } from 'chatwire'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { frameFixtures } from '../fixtures/all.ts'
import { cutByFractions, fractions } from '../helpers/cut.ts'
import { utf8 } from '../helpers/encode.ts'
import { formatOf } from '../helpers/fixture.ts'
import { checkPromises, doneOf, run } from '../helpers/run.ts'
import { iterableOf, sourceOf } from '../helpers/stream.ts'

const fixture = fc.constantFrom(
  ...frameFixtures.filter(
    ({ contentType, expect: { error } }) =>
      contentType === 'text/event-stream' && error === undefined,
  ),
)
/** After how many events the consumer leaves; beyond the last event it reads to the end. */
const count = fc.nat({ max: 8 })
const kind = fc.constantFrom('stream', 'iterable')

/** A source that stalls after the body, so that only we can close it. */
function stalling(chunks: readonly Uint8Array[], kind: string) {
  if (kind === 'iterable') {
    const source = iterableOf(chunks, 'stall')
    return { source, closed: source.closed }
  }
  const { stream, closed } = sourceOf(chunks, 'stall')
  return { source: stream, closed }
}

/** Lets everything that was going to happen happen. */
const settle = () => new Promise<'settled'>((resolve) => setTimeout(() => resolve('settled'), 0))

/** The first events of a stream, fewer if it is waiting for bytes that will not come. */
async function take(stream: AsyncIterator<ChatEvent>, count: number): Promise<ChatEvent[]> {
  const events: ChatEvent[] = []
  while (events.length < count) {
    const result = await Promise.race([stream.next(), settle()])
    if (result === 'settled' || result.done) break
    events.push(result.value)
  }
  return events
}

/** Fixtures whose end is seen, so that even a consumer that never leaves comes to an end. */
const ending = fixture.filter(({ body }) => body.endsWith('data: [DONE]\n\n'))

test('leaving the loop after any event yields nothing more and closes the source once', async () => {
  await fc.assert(
    fc.asyncProperty(
      ending,
      fractions,
      count,
      kind,
      async ({ body, format }, cuts, count, kind) => {
        const { source, closed } = stalling(cutByFractions(utf8(body), cuts), kind)
        const stream = readChat(source, { format: formatOf(format) })
        let seen = 0
        for await (const _ of stream) {
          seen += 1
          if (seen > count) break
        }
        await settle()
        expect(closed()).toBe(1)
        expect(await stream.next()).toEqual({ done: true, value: undefined })
        expect(closed()).toBe(1)
      },
    ),
    { numRuns: 200 },
  )
})

test('return() ends a stream at once, also one that waits for bytes, and closes the source once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fixture,
      fractions,
      count,
      kind,
      async ({ body, format }, cuts, count, kind) => {
        const { source, closed } = stalling(cutByFractions(utf8(body), cuts), kind)
        const stream = readChat(source, { format: formatOf(format) })
        await take(stream, count + 1)
        expect(await stream.return()).toEqual({ done: true, value: undefined })
        expect(await stream.next()).toEqual({ done: true, value: undefined })
        expect(await stream.return()).toEqual({ done: true, value: undefined })
        await settle()
        expect(closed()).toBe(1)
      },
    ),
    { numRuns: 200 },
  )
})

test('return() resolves a next() that waits', async () => {
  const { source, closed } = stalling([utf8('data: {"text":"Hel"}\n\n')], 'stream')
  const stream = readChat(source)
  expect(await stream.next()).toEqual({ done: false, value: { type: 'text', text: 'Hel' } })
  const waiting = stream.next()
  await stream.return()
  expect(await waiting).toEqual({ done: true, value: undefined })
  await settle()
  expect(closed()).toBe(1)
})

test('an abort after any event gives one done and closes the source once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fixture,
      fractions,
      count,
      kind,
      async ({ body, format, expect: whole }, cuts, count, kind) => {
        const { source, closed } = stalling(cutByFractions(utf8(body), cuts), kind)
        const abort = new AbortController()
        const stream = readChat(source, { format: formatOf(format), signal: abort.signal })
        const seen: ChatEvent[] = []
        let waiting: Promise<IteratorResult<ChatEvent, void>> | undefined
        while (seen.length < count && seen.at(-1)?.type !== 'done') {
          const next = stream.next()
          const result = await Promise.race([next, settle()])
          if (result === 'settled') {
            waiting = next
            break
          }
          if (!result.done) seen.push(result.value)
        }
        const ended = seen.at(-1)?.type === 'done'
        abort.abort()
        let result = await (waiting ?? stream.next())
        while (!result.done) {
          seen.push(result.value)
          result = await stream.next()
        }
        await settle()

        expect(closed()).toBe(1)
        checkPromises(seen)
        const done = doneOf(seen)
        if (ended) expect(done.finishReason).toBe(whole.finishReason)
        else {
          expect(done.finishReason).toBe('aborted')
          expect(seen.length).toBeLessThanOrEqual(count + 1)
          expect((whole.text ?? '').startsWith(done.text)).toBe(true)
        }
      },
    ),
    { numRuns: 300 },
  )
})

test('a signal that is aborted already gives one done and nothing else', async () => {
  const { source } = stalling([utf8('data: {"text":"Hel"}\n\n')], 'stream')
  const events = await run(readChat(source, { signal: AbortSignal.abort() }))
  expect(events.length).toBe(1)
  expect(doneOf(events)).toMatchObject({ finishReason: 'aborted', text: '' })
})

test('the end of an answer closes the source once, without waiting for the end of the body', async () => {
  await fc.assert(
    fc.asyncProperty(ending, fractions, kind, async ({ body, format }, cuts, kind) => {
      const { source, closed } = stalling(cutByFractions(utf8(body), cuts), kind)
      checkPromises(await run(readChat(source, { format: formatOf(format) })))
      await settle()
      expect(closed()).toBe(1)
    }),
    { numRuns: 200 },
  )
})
