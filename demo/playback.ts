import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DemoFormat } from './formats/format.ts'

/** How a running stream can go wrong. The same words on the page, in the URL and in the tests. */
export const breakages = ['cut', 'reset', 'stall', 'error'] as const
export type Breakage = (typeof breakages)[number]

/** The pause between two network chunks in milliseconds, from and to; `undefined` for none at all. */
export const speeds: ReadonlyMap<string, readonly [number, number] | undefined> = new Map([
  ['slow', [40, 160]],
  ['model', [4, 60]],
  ['fast', [0, 4]],
  ['burst', undefined],
])

/** A running stream as its owner can change it: it breaks as soon as `from` bytes are out. */
export interface Take {
  breakage: Breakage | undefined
  from: number
}

/** A stream's bytes, and where each of its frames ends in them. */
export interface Recording {
  bytes: Uint8Array
  frameEnds: number[]
}

export function record(frames: string[]): Recording {
  const frameEnds: number[] = []
  let end = 0
  for (const frame of frames) {
    end += Buffer.byteLength(frame)
    frameEnds.push(end)
  }
  return { bytes: Buffer.from(frames.join('')), frameEnds }
}

/** Repeatable random numbers in [0, 1): mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let bits = Math.imul(state ^ (state >>> 15), 1 | state)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
  }
}

/**
 * Where the network cuts the bytes: anywhere, inside characters too. About one chunk per frame, so
 * that an answer takes equally long in every format.
 */
export function cuts({ bytes, frameEnds }: Recording, random: () => number): number[] {
  const longest = Math.max(1, Math.ceil((2 * bytes.length) / frameEnds.length) - 1)
  const ends: number[] = []
  let at = 0
  while (at < bytes.length) {
    at = Math.min(bytes.length, at + 1 + Math.floor(random() * longest))
    ends.push(at)
  }
  return ends
}

/**
 * The first place after `from` where a breakage is at its meanest: a connection is reset inside a
 * character, everything else happens after a whole frame, where nothing looks unfinished.
 */
function breakingPoint(recording: Recording, from: number, breakage: Breakage): number {
  const { bytes, frameEnds } = recording
  if (breakage !== 'reset') return frameEnds.find((end) => end >= from) ?? bytes.length
  const inside = bytes.findIndex((byte, at) => at > from && (byte & 0b1100_0000) === 0b1000_0000)
  return inside === -1 ? from : inside
}

/** Plays an answer into a response, whose headers are out, until its end or until it breaks. */
export async function play(
  response: ServerResponse,
  format: DemoFormat,
  recording: Recording,
  take: Take,
  pause: readonly [number, number] | undefined,
  random: () => number,
): Promise<void> {
  const { bytes } = recording
  let sent = 0
  const send = (to: number): void => {
    response.write(bytes.subarray(sent, to))
    sent = to
  }
  for (const end of cuts(recording, random)) {
    if (take.breakage !== undefined && sent >= take.from) {
      send(breakingPoint(recording, sent, take.breakage))
      return fail(response, take.breakage, format.errorFrame)
    }
    send(end)
    // Squared, so that most pauses are short and a few are long, as with a real model.
    if (pause) await sleep(pause[0] + (pause[1] - pause[0]) * random() ** 2)
    if (response.destroyed) return
  }
  response.end()
}

async function fail(
  response: ServerResponse,
  breakage: Breakage,
  errorFrame: string | undefined,
): Promise<void> {
  // The client finds out by its own clock. The connection stays open until it leaves.
  if (breakage === 'stall') return
  if (breakage === 'cut') {
    response.end()
  } else if (breakage === 'error' && errorFrame !== undefined) {
    response.end(errorFrame)
  } else {
    // Also what a server does whose format has no words for an error.
    // A reset overtakes bytes that still wait in a buffer on the way; let them arrive first.
    await sleep(50)
    response.socket?.resetAndDestroy()
  }
}
