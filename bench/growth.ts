/**
 * What many events cost: the time of an event in an answer of 10 and 100 times as many, as a multiple
 * of its time in 10,000, and how much memory a reader holds when a million have come.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import * as answers from './answers.ts'
import { type Column, cpuMs, quantile } from './measure.ts'
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

/** The time of one event in an answer of so many times the events. */
async function timeOfEvent(reader: Reader, times: number, readings: number): Promise<number> {
  const list: number[] = []
  for (let i = 0; i < readings; i++) list.push((await readTimes(reader, times)).ms / times)
  return quantile(list, 0.25)
}

export async function measureGrowth(wanted: (name: string) => boolean): Promise<Column[]> {
  const readers = chatReadersOf('plain').filter(({ name }) => wanted(name))
  const ten: Column = { name: '10x/events', figures: new Map(), unit: 'times' }
  const hundred: Column = { name: '100x/events', figures: new Map(), unit: 'times' }
  const heap: Column = { name: 'heap/MB', figures: new Map(), unit: 'MB' }
  for (const reader of readers) {
    const one = await timeOfEvent(reader, 1, 10)
    ten.figures.set(reader.name, (await timeOfEvent(reader, 10, 2)) / one)
    const { ms, heldMB } = await readTimes(reader, 100, heapMB)
    hundred.figures.set(reader.name, ms / 100 / one)
    heap.figures.set(reader.name, heldMB)
  }
  return [ten, hundred, heap]
}
