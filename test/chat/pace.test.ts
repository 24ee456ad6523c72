import fc from 'fast-check'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createPacer, type PaceOptions } from '../../src/chat/pace.ts'
import type { ContentEvent } from '../../src/chat-event.ts'
import { fakeClock } from '../helpers/clock.ts'
import { backend, chatWith } from './backend.ts'
import { setHidden, stub } from './page.ts'

/** A pacer whose clock the test moves, and what it has revealed. */
function paced(options: PaceOptions = {}) {
  let now = 0
  let isInstant = false
  const events: ContentEvent[] = []
  const pacer = createPacer(options, (event) => events.push({ ...event }), {
    now: () => now,
    isInstant: () => isInstant,
  })
  return {
    events,
    isPending: pacer.isPending,
    end: pacer.end,
    say: (text: string) => pacer.push({ type: 'text', text }),
    push: pacer.push,
    shown: () => events.map((event) => (event.type === 'text' ? event.text : '')).join(''),
    makeInstant() {
      isInstant = true
    },
    /** Lets time pass in which nobody asks. */
    wait(ms: number) {
      now += ms
    },
    /** Lets time pass, frame by frame; returns how much was shown after each. */
    pass(ms: number, frameMs = 20): number[] {
      const lengths: number[] = []
      for (const end = now + ms; now < end; ) {
        now += frameMs
        pacer.advance()
        lengths.push(this.shown().length)
      }
      return lengths
    },
  }
}

/** What each frame added. */
const steps = (lengths: number[], from = 0) =>
  lengths.map((length, index) => length - (lengths[index - 1] ?? from))

test('a burst is spread evenly over the longest lag', () => {
  const text = paced()
  text.say('x'.repeat(1000))
  expect(text.shown()).toBe('')
  const lengths = text.pass(400)
  // 1000 characters in 20 frames; one character is held because it could go on.
  expect(lengths.slice(0, 19)).toEqual(Array.from({ length: 19 }, (_, i) => 50 * (i + 1) - 1))
  expect(lengths[19]).toBe(1000)
  expect(text.isPending()).toBe(false)
})

test('a steady stream is shown as steadily, with little lag', () => {
  const text = paced()
  const lengths: number[] = []
  for (let arrival = 0; arrival < 40; arrival += 1) {
    text.say('x'.repeat(30))
    lengths.push(...text.pass(60))
  }
  // 30 characters in 60 ms are 10 in a frame of 20 ms, once the pace is found.
  const settled = steps(lengths).slice(60)
  expect(Math.min(...settled)).toBeGreaterThanOrEqual(9)
  expect(Math.max(...settled)).toBeLessThanOrEqual(11)
  // Two arrivals behind at most.
  expect(40 * 30 - (lengths.at(-1) ?? 0)).toBeLessThanOrEqual(60)
})

test.each([1, 20])('lumps are shown without a jump, in pieces of %s characters', (length) => {
  const text = paced()
  const lengths: number[] = []
  for (let lump = 0; lump < 20; lump += 1) {
    for (let at = 0; at < 200; at += length) text.say('x'.repeat(length))
    lengths.push(...text.pass(200))
  }
  const settled = steps(lengths).slice(40)
  // 20 in a frame are the mean; without pacing it would be 200, then nine frames of nothing.
  expect(Math.max(...settled)).toBeLessThanOrEqual(30)
  expect(Math.min(...settled)).toBeGreaterThanOrEqual(12)
})

test('a burst is spread as far also if a quick stream follows it', () => {
  const text = paced()
  text.say('x'.repeat(1000))
  for (let arrival = 0; arrival < 10; arrival += 1) {
    text.pass(20)
    text.say('x')
  }
  expect(text.shown().length).toBeGreaterThanOrEqual(480)
  expect(text.shown().length).toBeLessThanOrEqual(520)
})

test.each([
  ['by characters', {}],
  ['by words', { unit: 'word' }],
  ['with a lag of 100 ms', { maxLagMs: 100 }],
  ['with no lag', { maxLagMs: 0 }],
] as const)('nothing is behind for longer than the longest lag: %s', (_name, options) => {
  const text = paced(options)
  const maxLagMs = 'maxLagMs' in options ? options.maxLagMs : 400
  let now = 0
  const arrived: { at: number; length: number }[] = []
  let length = 0
  for (const [gap, size] of [
    [0, 900],
    [20, 1],
    [200, 1],
    [180, 1],
    [20, 400],
    [380, 3],
    [400, 70],
    [20, 70],
    [600, 5],
    [1000, 1],
    [800, 0],
  ] as const) {
    for (const shown of text.pass(gap)) {
      now += 20
      const due = arrived.findLast(({ at }) => at + maxLagMs <= now)?.length ?? 0
      expect(shown, `at ${now} ms`).toBeGreaterThanOrEqual(due)
    }
    if (size > 0) text.say('xyz '.repeat(size).slice(0, size))
    length += size
    arrived.push({ at: now, length })
  }
  expect(text.shown()).toHaveLength(length)
  expect(text.isPending()).toBe(false)
})

test('a stall is forgotten once the stream is steady again', () => {
  const text = paced()
  text.say('x')
  text.wait(60_000)
  for (let arrival = 0; arrival < 22; arrival += 1) {
    text.pass(20)
    text.say('x'.repeat(10))
  }
  expect(221 - text.shown().length).toBeLessThanOrEqual(60)
})

test('a thread that was blocked shows what is due, at once', () => {
  const text = paced()
  text.say('x'.repeat(1000))
  expect(text.pass(5000, 5000)).toEqual([1000])
})

test('time in which nothing was there to show does not count', () => {
  const text = paced()
  text.say('x')
  text.pass(400)
  expect(text.isPending()).toBe(false)
  text.wait(10_000)
  text.say('x'.repeat(1000))
  const [first = 0] = text.pass(20)
  expect(first).toBeLessThan(100)
})

test('no character is torn, wherever the pieces are cut', () => {
  const family = '👩‍👩‍👧‍👦'
  const answer = `a${family}e\u0301👍🏽🇨🇭\r\n`.repeat(10)
  const clusters = new Intl.Segmenter('en', { granularity: 'grapheme' })
  const boundaries = new Set(Array.from(clusters.segment(answer), ({ index }) => index))
  boundaries.add(answer.length)
  const text = paced()
  // Pieces of three code units, all within one frame: only pacing decides where to cut.
  for (let at = 0; at < answer.length; at += 3) text.say(answer.slice(at, at + 3))
  for (const length of text.pass(400, 5)) expect(boundaries).toContain(length)
  expect(text.shown()).toBe(answer)
})

test('half a character waits for its other half, without a timer', () => {
  const text = paced()
  text.say('ok \ud83d')
  text.pass(400)
  expect(text.shown()).toBe('ok ')
  expect(text.isPending()).toBe(false)
  text.say('\ude00')
  text.pass(400)
  expect(text.shown()).toBe('ok 😀')
})

test('by words, whole words are shown, but for one that takes longer than the lag', () => {
  const text = paced({ unit: 'word' })
  text.say('The quick brown fox jumps over the lazy dog and on it go')
  const words = 'The quick brown fox jumps over the lazy dog and on it go'
  const ends = new Set([0, ...[...words.matchAll(/\s|$/g)].map(({ index }) => index)])
  for (const length of text.pass(380)) {
    expect(ends.has(length) || ends.has(length - 1), `${length}`).toBe(true)
  }
  expect(text.shown()).not.toContain(' go')
  text.pass(20)
  expect(text.shown()).toBe(words)
})

test('other events keep their place between texts and take no time', () => {
  const text = paced()
  const source = { type: 'source', url: 'https://a.example/', raw: {} } as const
  text.push(source)
  expect(text.isPending()).toBe(true)
  text.pass(20)
  expect(text.events).toEqual([source])
  text.say('before')
  text.push(source)
  text.push({ type: 'reasoning', text: 'between' })
  text.say('after')
  text.pass(400)
  const seen = text.events.slice(1).map((event) => ('text' in event ? event.text : '|'))
  expect(seen.join('')).toBe('before|betweenafter')
  const kinds = text.events.map(({ type }) => type)
  expect(kinds.filter((type, index) => type !== kinds[index - 1])).toEqual([
    'source',
    'text',
    'source',
    'reasoning',
    'text',
  ])
})

test('the end shows everything at once', () => {
  const text = paced({ unit: 'word' })
  text.say('Hello, wor')
  text.push({ type: 'data', name: 'x', data: 1 })
  text.say('ld\ud83d')
  text.end()
  expect(text.shown()).toBe('Hello, world\ud83d')
  expect(text.isPending()).toBe(false)
})

test('instant, each call shows all that is there', () => {
  const text = paced()
  text.say('x'.repeat(1000))
  text.pass(20)
  expect(text.shown().length).toBeLessThan(100)
  text.makeInstant()
  expect(text.pass(20)).toEqual([1000])
  text.say('y')
  expect(text.pass(20)).toEqual([1001])
  expect(text.isPending()).toBe(false)
})

test('whatever comes when, what is shown is a prefix of what arrived, in time, then all of it', () => {
  const character = fc.constantFrom('a', ' ', '\n', 'é', 'e\u0301', '漢', '👍🏽', '👩‍👩‍👧', '🇨🇭')
  const arrivals = fc.array(
    fc.tuple(
      fc.array(character, { minLength: 1, maxLength: 20 }),
      fc.integer({ min: 1, max: 600 }),
      fc.boolean(),
    ),
    { maxLength: 20 },
  )
  fc.assert(
    fc.property(
      arrivals,
      fc.constantFrom('grapheme' as const, 'word' as const),
      fc.nat(500),
      fc.nat(3),
      (arrivals, unit, maxLagMs, offset) => {
        const text = paced({ unit, maxLagMs })
        let now = 0
        let arrived = ''
        const due: { at: number; length: number }[] = []
        for (const [characters, waitMs, isSource] of arrivals) {
          const said = characters.join('')
          // Cut anywhere, also within a character.
          for (const piece of [said.slice(0, offset), said.slice(offset)]) {
            if (piece !== '') text.say(piece)
          }
          if (isSource) text.push({ type: 'source', raw: said })
          arrived += said
          due.push({ at: now + maxLagMs, length: arrived.length })
          text.pass(waitMs, 20)
          now += Math.ceil(waitMs / 20) * 20
          const length = due.findLast(({ at }) => at <= now)?.length ?? 0
          expect(arrived.startsWith(text.shown())).toBe(true)
          expect(text.shown().length).toBeGreaterThanOrEqual(length)
        }
        text.end()
        expect(text.shown()).toBe(arrived)
        expect(text.isPending()).toBe(false)
        const sources = text.events.filter(({ type }) => type === 'source').length
        expect(sources).toBe(arrivals.filter(([, , isSource]) => isSource).length)
      },
    ),
    { numRuns: 1000 },
  )
})

test('the work is linear: 100,000 pieces are cut a few times each', () => {
  const text = paced()
  let slices = 0
  const { slice } = String.prototype
  const spy = vi.spyOn(String.prototype, 'slice').mockImplementation(function (
    this: string,
    ...args
  ) {
    slices += 1
    return slice.apply(this, args)
  })
  onTestFinished(() => spy.mockRestore())
  for (let piece = 0; piece < 100_000; piece += 1) text.say('ab ')
  text.pass(400)
  expect(
    text.events.map((event) => ('text' in event ? event.text.length : 0)).reduce((a, b) => a + b),
  ).toBe(300_000)
  // A few per piece, whatever their number.
  expect(slices).toBeLessThan(1_000_000)
})

test('a chat with pace shows text bit by bit, and all of it when the answer is over', async () => {
  const clock = fakeClock()
  stub('requestAnimationFrame', undefined)
  const server = backend()
  const chat = chatWith(server, { pace: true })
  const shown = () => chat.get().messages[1]?.text.length ?? 0
  const sent = chat.send('Hi')
  await clock.pass(0)
  server.last().send([{ text: 'x'.repeat(1000) }])
  await clock.pass(160)
  expect(shown()).toBeGreaterThan(300)
  expect(shown()).toBeLessThan(500)
  // One for the question, and one for each frame of 16 ms.
  expect(chat.notified).toHaveLength(1 + 10)
  await clock.pass(300)
  expect(shown()).toBe(1000)
  expect(clock.timers()).toBe(1) // the stream's own
  server.last().send([{ text: 'y'.repeat(1000) }, '[DONE]'])
  await clock.pass(0)
  await sent
  expect(shown()).toBe(2000)
  expect(clock.timers()).toBe(0)
})

test.each([
  ['the tab is hidden', () => setHidden(true)],
  [
    'less motion is asked for',
    () => stub('matchMedia', (query: string) => ({ matches: query.includes('reduce') })),
  ],
])('nothing is held back where %s', async (_name, arrange) => {
  const clock = fakeClock()
  stub('requestAnimationFrame', undefined)
  arrange()
  const server = backend()
  const chat = chatWith(server, { pace: true })
  chat.send('Hi')
  await clock.pass(0)
  server.last().send([{ text: 'x'.repeat(1000) }])
  await clock.pass(16)
  expect(chat.get().messages[1]?.text).toHaveLength(1000)
  chat.stop()
})
