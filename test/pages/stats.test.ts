import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lagBetween, statsOf } from '../../demo/page/inspector/stats.ts'
import {
  addStep,
  emptyTrace,
  type Step,
  startsInsideCharacter,
  type Trace,
} from '../../demo/page/inspector/trace.ts'

const steps = (...pairs: [at: number, chars: number][]): Step[] =>
  pairs.map(([at, chars]) => ({ at, chars }))

describe('the time that text waits', () => {
  it('is none where it goes on at once', () => {
    const through = steps([10, 3], [20, 9])
    expect(lagBetween(through, through)).toEqual({ maxMs: 0, meanMs: 0, maxChars: 0 })
  })

  it('counts for each character from when it came', () => {
    // Two characters wait for 30 ms, four for 10 ms.
    expect(lagBetween(steps([10, 2], [30, 6]), steps([40, 6]))).toEqual({
      maxMs: 30,
      meanMs: (2 * 30 + 4 * 10) / 6,
      maxChars: 6,
    })
  })

  it('of text that came at once and went in pieces grows piece by piece', () => {
    expect(lagBetween(steps([0, 6]), steps([10, 2], [20, 4], [30, 6]))).toEqual({
      maxMs: 30,
      meanMs: 20,
      maxChars: 6,
    })
  })

  it('is not known of text that never came out, but that it waits is', () => {
    expect(lagBetween(steps([0, 4], [10, 8]), steps([5, 4]))).toEqual({
      maxMs: 5,
      meanMs: 5,
      maxChars: 4,
    })
  })

  it('is none where nothing came', () => {
    expect(lagBetween([], [])).toEqual({ maxMs: 0, meanMs: 0, maxChars: 0 })
    expect(lagBetween([], steps([5, 4]))).toEqual({ maxMs: 0, meanMs: 0, maxChars: 0 })
  })

  it('is the delay, wherever text is cut, if all of it is delayed equally', () => {
    const cut = fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 1, max: 9 })), {
      minLength: 1,
    })
    fc.assert(
      fc.property(cut, fc.integer({ min: 0, max: 100 }), (pieces, delayMs) => {
        const before: Step[] = []
        for (const [waitMs, length] of pieces) {
          const last = before.at(-1) ?? { at: 0, chars: 0 }
          before.push({ at: last.at + waitMs, chars: last.chars + length })
        }
        const after = before.map(({ at, chars }) => ({ at: at + delayMs, chars }))
        const { maxMs, meanMs } = lagBetween(before, after)
        expect(maxMs).toBe(delayMs)
        expect(meanMs).toBeCloseTo(delayMs)
      }),
    )
  })
})

const chunk = (at: number, bytes = 100, startsInside = false) => ({
  at,
  bytes,
  startsInsideCharacter: startsInside,
})

describe('the figures of a stream', () => {
  const trace: Trace = {
    ...emptyTrace(),
    responseAt: 40,
    chunks: [chunk(50), chunk(100, 200, true), chunk(900), chunk(950)],
    frames: [
      { at: 50, isKeepalive: true },
      { at: 100, isKeepalive: false },
      { at: 900, isKeepalive: false },
    ],
    arrived: steps([100, 4], [900, 10]),
    handedOut: steps([150, 3], [900, 10]),
    eventTimes: [150, 900, 950],
    painted: steps([160, 3], [916, 10]),
    textLength: 10,
  }

  it('are those of what was noted', () => {
    const end = { at: 1150, finishReason: 'stop' as const }
    expect(statsOf({ ...trace, end }, 5000)).toEqual({
      responseMs: 40,
      firstTextMs: 150,
      totalMs: 1150,
      bytes: 500,
      chunks: 4,
      tornCharacters: 1,
      frames: 2,
      keepalives: 1,
      events: 3,
      paints: 2,
      charsPerSecond: 10,
      longestGap: { from: 100, to: 900 },
      // The fourth character waits for the other six.
      buffer: { maxMs: 800, meanMs: (3 * 50 + 800) / 10, maxChars: 4 },
      paint: { maxMs: 16, meanMs: (3 * 10 + 7 * 16) / 10, maxChars: 7 },
    })
  })

  it('of a stream that still runs go on to now, the silence too', () => {
    const stats = statsOf(trace, 3000)
    expect(stats.totalMs).toBe(3000)
    expect(stats.longestGap).toEqual({ from: 950, to: 3000 })
  })

  it('of a stream of which nothing came are none, and all was silence', () => {
    const stats = statsOf(emptyTrace(), 700)
    expect(stats).toMatchObject({ chunks: 0, bytes: 0, charsPerSecond: 0 })
    expect(stats.firstTextMs).toBeUndefined()
    expect(stats.longestGap).toEqual({ from: 0, to: 700 })
  })
})

describe('what is noted', () => {
  it('is the text of all kinds, and of nothing else', () => {
    const noted: Step[] = []
    addStep(noted, { type: 'reasoning', text: 'Hm.' }, 1)
    addStep(noted, { type: 'data', name: 'x', data: 'y' }, 2)
    addStep(noted, { type: 'text', text: 'Hello' }, 3)
    addStep(noted, { type: 'refusal', text: '!' }, 4)
    expect(noted).toEqual(steps([1, 3], [3, 8], [4, 9]))
  })

  it('is whether a chunk begins inside a character', () => {
    const rocket = new TextEncoder().encode('🚀')
    expect([0, 1, 2, 3].map((from) => startsInsideCharacter(rocket.subarray(from)))).toEqual([
      ...[false, true, true, true],
    ])
    expect(startsInsideCharacter(new Uint8Array())).toBe(false)
  })
})
