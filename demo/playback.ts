import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

/** How a running stream can go wrong. The same words on the page, in the URL and in the tests. */
export const breakages = ['cut', 'reset', 'stall', 'error'] as const
export type Breakage = (typeof breakages)[number]

/** How fast the model is, in milliseconds. */
export interface Speed {
  /** Until its first token. Servers send keepalives meanwhile. */
  thinkingMs: number
  /** Between two frames, from and to. */
  pauseMs: readonly [number, number]
}

/** `undefined` for no waiting at all. */
export const speeds: ReadonlyMap<string, Speed | undefined> = new Map([
  ['slow', { thinkingMs: 900, pauseMs: [40, 160] }],
  ['model', { thinkingMs: 500, pauseMs: [4, 60] }],
  ['fast', { thinkingMs: 0, pauseMs: [0, 4] }],
  ['burst', undefined],
])

/** How the bytes are cut into network chunks. */
export const chunkings = ['random', 'frames', 'blocks'] as const
export type Chunking = (typeof chunkings)[number]

const BLOCK_FRAMES = 8
const KEEPALIVE_MS = 200
/** How long a proxy holds an answer back: long enough to be seen, however fast the model is. */
const MIN_PROXY_MS = 1200
const MAX_PROXY_MS = 1500

/** A running stream as its owner can change it: it breaks as soon as `from` bytes are out. */
export interface Take {
  breakage: Breakage | undefined
  from: number
  /** How many bytes are out. */
  sent: number
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
 * Where the network cuts the bytes. `random`: anywhere, inside characters too, about one chunk per
 * frame. `frames`: between all frames. `blocks`: between some, as a gateway does that collects.
 */
export function cuts(
  { bytes, frameEnds }: Recording,
  random: () => number,
  chunking: Chunking = 'random',
): number[] {
  if (chunking === 'frames') return frameEnds
  if (chunking === 'blocks') {
    return frameEnds.filter(
      (end, index) => end === bytes.length || (index + 1) % BLOCK_FRAMES === 0,
    )
  }
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
function breakingPoint({ bytes, frameEnds }: Recording, { breakage, sent }: Take): number {
  if (breakage !== 'reset') return frameEnds.find((end) => end >= sent) ?? bytes.length
  const inside = bytes.findIndex((byte, at) => at > sent && (byte & 0b1100_0000) === 0b1000_0000)
  return inside === -1 ? sent : inside
}

export interface Playing {
  recording: Recording
  take: Take
  speed: Speed | undefined
  chunking: Chunking
  random: () => number
  /** How the format reports a failure; absent if it cannot. */
  errorFrame: string | undefined
  /** What is sent while the model thinks; absent if the format has no such thing. */
  keepalive: string | undefined
}

/** Plays an answer into a response, whose headers are out, until its end or until it breaks. */
export async function play(response: ServerResponse, playing: Playing): Promise<void> {
  const { recording, take, speed, chunking, random, errorFrame, keepalive } = playing
  const { bytes, frameEnds } = recording
  const send = (to: number): void => {
    response.write(bytes.subarray(take.sent, to))
    take.sent = to
  }
  for (let rest = speed?.thinkingMs ?? 0; rest > 0 && !response.destroyed; rest -= KEEPALIVE_MS) {
    if (keepalive !== undefined) response.write(keepalive)
    await sleep(Math.min(rest, KEEPALIVE_MS))
  }
  let frames = 0
  for (const end of cuts(recording, random, chunking)) {
    if (take.breakage !== undefined && take.sent >= take.from) {
      send(breakingPoint(recording, take))
      return fail(response, take.breakage, errorFrame)
    }
    send(end)
    let pauseMs = 0
    for (; (frameEnds[frames] ?? Infinity) <= end; frames++) pauseMs += pauseOf(speed, random)
    if (pauseMs > 0) await sleep(pauseMs)
    if (response.destroyed) return
  }
  response.end()
}

/** Plays an answer through a proxy that hands on nothing before it has everything. */
export async function playBuffered(
  response: ServerResponse,
  { recording, speed, random }: Playing,
  sendHead: () => void,
): Promise<void> {
  let waitMs = speed?.thinkingMs ?? 0
  for (const _ of recording.frameEnds) waitMs += pauseOf(speed, random)
  await sleep(Math.min(Math.max(waitMs, MIN_PROXY_MS), MAX_PROXY_MS))
  if (response.destroyed) return
  sendHead()
  response.end(recording.bytes)
}

/** Squared, so that most pauses are short and a few are long, as with a real model. */
function pauseOf(speed: Speed | undefined, random: () => number): number {
  if (!speed) return 0
  const [from, to] = speed.pauseMs
  return from + (to - from) * random() ** 2
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
