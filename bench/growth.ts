/**
 * What many events cost: the time of an event in an answer of 10 and 100 times as many, as a multiple
 * of its time in 10,000, and how much memory a reader holds when a million have come.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import * as answers from './answers.ts'
import { type Column, cpuMs } from './measure.ts'
import { chatReadersOf, type Reader } from './readers/index.ts'
import { responseOf } from './reading.ts'

const EVENTS = 10_000
const CHUNK_SIZE = 16_384

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

function heapMB(): number {
  collectGarbage()
  return process.memoryUsage().heapUsed / 1e6
}

/** Checks what is read piece by piece and keeps nothing of it, so that only the reader's is held. */
function follow(text: string) {
  const twice = text + text
  let length = 0
  let isRight = true
  return {
    take(piece: string): void {
      isRight &&= twice.startsWith(piece, length % text.length)
      length += piece.length
    },
    check(name: string, times: number, account: string | undefined): void {
      const isWhole = length === times * text.length && (account?.length ?? length) === length
      if (!isRight || !isWhole) throw new Error(`${name} returned something else than was written.`)
    },
  }
}

/** The answer without its end again and again, and then the end. */
function* repeated(chunks: Uint8Array[], times: number, end: Uint8Array): Generator<Uint8Array> {
  for (let i = 0; i < times; i++) yield* chunks
  yield end
}

interface Reading {
  ms: number
  /** The memory that the reader holds when all has come. */
  heldMB: number
}

async function readTimes(reader: Reader, times: number, heap = () => 0): Promise<Reading> {
  const answer = answers.plainAnswer(EVENTS)
  const end = new TextEncoder().encode(answer.frames.pop())
  const chunks = repeated(answers.chunksOf(CHUNK_SIZE, answer), times, end)
  const follower = follow(answer.text)
  const reading = { ms: 0, heldMB: 0 }
  const response = responseOf(chunks, () => {
    reading.ms = cpuMs() - start
    reading.heldMB = heap() - before
  })
  const before = heap()
  const start = cpuMs()
  const account = await reader.read(response, follower.take)
  follower.check(reader.name, times, account)
  return reading
}

const ROUNDS = 6
/** So many times the events, and in how many of the rounds they are read. */
const lengths: [times: number, rounds: number][] = [
  [1, ROUNDS],
  [10, ROUNDS],
  [100, 2],
]

export async function measureGrowth(wanted: (name: string) => boolean): Promise<Column[]> {
  const readers = chatReadersOf('plain').filter(({ name }) => wanted(name))
  const found = readers.map((reader) => ({ reader, ms: lengths.map(() => [] as number[]) }))
  for (const { reader } of found) await readTimes(reader, 10)
  const heap: Column = { name: 'heap/MB', figures: new Map() }
  for (let round = 0; round < ROUNDS; round++) {
    for (const { reader, ms } of found) {
      for (const [i, [times, rounds]] of lengths.entries()) {
        if (round >= rounds) continue
        const isLongest = times === 100
        const reading = await readTimes(reader, times, isLongest ? heapMB : undefined)
        ms[i]?.push(reading.ms / times)
        if (isLongest) heap.figures.set(reader.name, reading.heldMB)
      }
    }
  }
  // The best of few: they are too few for a quartile.
  const growth = lengths.slice(1).map(([times], i): Column => {
    const figures = found.map(({ reader, ms: [one = [], ...more] }): [string, number] => {
      return [reader.name, Math.min(...(more[i] ?? [])) / Math.min(...one)]
    })
    return { name: `${times}x/events`, figures: new Map(figures) }
  })
  return [...growth, heap]
}
