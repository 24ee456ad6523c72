/** What it means to pass: the comparisons, with any adapter. */
import { isDeepStrictEqual } from 'node:util'
import {
  bodyOf,
  type ExpectedAnswer,
  type FormatFile,
  type SseEventRow,
  type SseVector,
  type StreamVector,
} from './vectors.ts'

/** What a library made of an event stream. */
export interface SseReading {
  events: SseEventRow[]
  /** The last one, in milliseconds; `null` if none was set. Left out by a library that tells none. */
  reconnectionTime?: number | bigint | null
}

/**
 * What a library made of an answer. Text, finish reason and error are always compared; of the rest
 * a library leaves out what it does not tell.
 */
export type ChatReading = Pick<ExpectedAnswer, 'text' | 'finishReason'> &
  Partial<Omit<ExpectedAnswer, 'error'>> & {
    error: { code: string; message?: string; [evidence: string]: unknown } | null
  }

/** A library, as the runner calls it. */
export interface Adapter {
  readSse?(chunks: AsyncIterable<Uint8Array>): Promise<SseReading>
  readChat?(
    chunks: AsyncIterable<Uint8Array>,
    about: { format: string; contentType: string },
  ): Promise<ChatReading>
}

/** Positions from `first` to below `end`; if these are more than `most`, spread evenly. */
function* positions(first: number, end: number, most: number): Generator<number> {
  const step = Math.max(1, (end - first) / most)
  for (let at = first; at < end; at += step) yield Math.floor(at)
}

/** The body whole, byte by byte, and in two pieces: everywhere, or at so many places. */
function* deliveries(body: Uint8Array, most: number): Generator<[string, Uint8Array[]]> {
  yield ['whole', [body]]
  yield ['byte by byte', Array.from(body, (_, index) => body.slice(index, index + 1))]
  for (const at of positions(1, body.length, most)) {
    yield [`cut at byte ${at}`, [body.slice(0, at), body.slice(at)]]
  }
}

async function* feed(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks
}

class Difference extends Error {}

function mustEqual(what: string, actual: unknown, expected: unknown): void {
  if (isDeepStrictEqual(actual, expected)) return
  const [is, should] = [actual, expected].map((value) => `${JSON.stringify(value)}`.slice(0, 300))
  throw new Difference(`${what} is ${is}, not ${should}`)
}

/** Timers take no longer one; a library may stop counting there. */
const LONGEST_MS = 2 ** 31 - 1

const timeOf = (time: string | number | bigint | null): number | null =>
  time === null ? null : Math.min(Number(time), LONGEST_MS)

/** Fails unless the events are those of the vector, however the body is delivered. */
export async function checkSse(
  readSse: NonNullable<Adapter['readSse']>,
  vector: SseVector,
  mostCuts: number,
): Promise<void> {
  for (const [how, chunks] of deliveries(bodyOf(vector), mostCuts)) {
    await explained(how, async () => {
      const { events, reconnectionTime: time } = await readSse(feed(chunks))
      mustEqual('the list of events', events, vector.events)
      if (vector.reconnectionTime === undefined || time === undefined) return
      mustEqual('the reconnection time', timeOf(time), timeOf(vector.reconnectionTime))
    })
  }
}

/** Fails unless the answer is that of the vector, however the body is delivered or cut off. */
export async function checkStream(
  readChat: NonNullable<Adapter['readChat']>,
  { format, cutOff }: Pick<FormatFile, 'format' | 'cutOff'>,
  vector: StreamVector,
  mostCuts: number,
): Promise<void> {
  const { contentType, expect, completeFrom = 0 } = vector
  const read = async (chunks: Uint8Array[]): Promise<ChatReading> => {
    const reading = await readChat(feed(chunks), { format, contentType })
    // What is undefined is left out, as it is in the vectors.
    return JSON.parse(JSON.stringify(reading)) as ChatReading
  }
  const body = bodyOf(vector)
  for (const [how, chunks] of deliveries(body, mostCuts)) {
    await explained(how, async () => compare(await read(chunks), expect))
  }
  for (const at of positions(0, completeFrom, mostCuts)) {
    await explained(`without what follows byte ${at}`, async () =>
      compareCutOff(await read([body.slice(0, at)]), expect, cutOff),
    )
  }
}

async function explained(how: string, check: () => Promise<void>): Promise<void> {
  try {
    await check()
  } catch (error) {
    const says = error instanceof Difference ? error.message : `the adapter threw: ${error}`
    throw new Error(`${how}: ${says}`, { cause: error })
  }
}

function compare(actual: ChatReading, expected: ExpectedAnswer): void {
  const { toolCalls, sources, data, error, ...exact } = expected
  for (const [key, value] of Object.entries(exact)) {
    const told = actual[key as keyof typeof exact]
    if (told !== undefined || key === 'text' || key === 'finishReason') mustEqual(key, told, value)
  }
  compareError(actual.error, error)
  if (actual.toolCalls !== undefined) {
    const ids = actual.toolCalls.map(({ id }) => id ?? '')
    mustEqual('each id of a call once and not empty', new Set(ids).size, ids.length)
    mustEqual('an empty id of a call', ids.includes(''), false)
    const calls = actual.toolCalls.map((call, index) => likeKeys(call, toolCalls[index], ['id']))
    mustEqual('toolCalls', calls, toolCalls)
  }
  if (actual.sources !== undefined && sources !== undefined) {
    const told = actual.sources.map((source, index) =>
      likeKeys(source, sources[index], ['id', 'url', 'title']),
    )
    mustEqual('sources', told, sources)
  }
  const missing = (data ?? []).filter((name) => actual.data?.includes(name) === false)
  mustEqual('the list of missing data', missing, [])
}

/** Leaves out those of the keys that the expected object leaves out as well. */
function likeKeys<T extends object>(actual: T, expected: T | undefined, keys: (keyof T)[]): object {
  const isCompared = ([key]: [string, unknown]) =>
    expected === undefined || key in expected || !keys.some((optional) => optional === key)
  return Object.fromEntries(Object.entries(actual).filter(isCompared))
}

function compareError(actual: ChatReading['error'], expected: ExpectedAnswer['error']): void {
  if (!actual || !expected) return mustEqual('error', actual, expected)
  const { messageIncludes, ...fields } = expected
  for (const [key, value] of Object.entries(fields)) {
    if (actual[key] !== undefined || key === 'code') mustEqual(`error.${key}`, actual[key], value)
  }
  if (messageIncludes === undefined || actual.message?.includes(messageIncludes) !== false) return
  mustEqual('error.message', actual.message, `… ${messageIncludes} …`)
}

/** Never complete, and no more of the answer than came. */
function compareCutOff(
  actual: ChatReading,
  whole: ExpectedAnswer,
  cutOff: FormatFile['cutOff'],
): void {
  if (cutOff === 'truncated' || actual.finishReason !== 'unknown') {
    mustEqual('error.code', actual.error?.code, 'truncated')
    mustEqual('finishReason', actual.finishReason, 'error')
  }
  for (const kind of ['text', 'reasoning', 'refusal'] as const) {
    const part = actual[kind] ?? ''
    if (!whole[kind].startsWith(part)) mustEqual(kind, part, `a beginning of ${whole[kind]}`)
  }
}
