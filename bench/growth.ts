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
/** How often an answer of that many times the events is read. */
const READINGS = new Map([
  [1, 15],
  [10, 3],
  [100, 1],
])

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

/** The milliseconds of one reading, and the memory held at its end. */
async function readTimes(reader: Reader, times: number): Promise<{ ms: number; heldMB: number }> {
  const { chunks, end, text } = growing
  const follower = follow(text)
  const before = heapMB()
  const start = cpuMs()
  let ms = 0
  let heldMB = 0
  const response = responseOf(repeated(chunks, times, end), () => {
    ms = cpuMs() - start
    heldMB = heapMB() - before
  })
  const account = await reader.read(response, follower.take)
  follower.check(reader.name, times, account)
  return { ms, heldMB }
}

const growing = (() => {
  const answer = answers.plainAnswer(EVENTS)
  const end = new TextEncoder().encode(answer.frames.pop())
  return { chunks: answers.chunksOf(CHUNK_SIZE, answer), end, text: answer.text }
})()

export async function measureGrowth(wanted: (name: string) => boolean): Promise<Column[]> {
  const readers = chatReadersOf('plain').filter(({ name }) => wanted(name))
  const ten: Column = { name: '10x/events', figures: new Map(), unit: 'times' }
  const hundred: Column = { name: '100x/events', figures: new Map(), unit: 'times' }
  const heap: Column = { name: 'heap/MB', figures: new Map(), unit: 'MB' }
  for (const reader of readers) {
    const perEvent: number[] = []
    let heldMB = 0
    for (const [times, readings] of READINGS) {
      const list: number[] = []
      for (let i = 0; i < readings; i++) {
        const reading = await readTimes(reader, times)
        list.push(reading.ms / times)
        heldMB = reading.heldMB
      }
      perEvent.push(quantile(list, 0.25))
    }
    const [one = Number.NaN, ofTen = Number.NaN, ofHundred = Number.NaN] = perEvent
    ten.figures.set(reader.name, ofTen / one)
    hundred.figures.set(reader.name, ofHundred / one)
    heap.figures.set(reader.name, heldMB)
  }
  return [ten, hundred, heap]
}
