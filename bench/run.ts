/**
 * How long chatwire takes from a `Response` to the text, as a multiple of the floor: the same bytes
 * read with nothing but `TextDecoder`, eventsource-parser and `JSON.parse`.
 *
 *     npm run bench                      all cases, about a minute
 *     npm run bench -- --case openai     the cases whose name starts with that
 *     npm run bench -- --check           exit status 1 when a ratio is above its limit
 *
 * It measures the built package, so that what ships is what is measured. To see where the time
 * goes: `node --cpu-prof bench/run.ts --case plain/64B --only streamChat`.
 */
import { parseArgs } from 'node:util'
import type { FormatName, Reader } from './readers.ts'
import * as streams from './streams.ts'

const { values: options } = parseArgs({
  options: {
    case: { type: 'string', default: '' },
    only: { type: 'string' },
    seconds: { type: 'string', default: '6' },
    check: { type: 'boolean', default: false },
  },
})

interface Case {
  name: string
  answer: streams.Answer
  chunks: Uint8Array[]
  readers: Reader[]
}

interface Figure {
  reader: Reader
  /** The time of one reading: the lower quartile over the rounds. */
  ms: number
  /** That time as a multiple of the floor's. */
  ratio: number
  /** Half the distance between the quartiles of the ratios of the single rounds. */
  spread: number
}

const WARMUP_ROUNDS = 12
const MIN_ROUNDS = 12
/** How long each reader reads in a round, at least. */
const MIN_READER_MS = 20
/** By how much two copies of the same code may differ before the machine counts as too busy. */
const NOISE = 0.03

const { chatReaders, bigEventReaders } = await import('./readers.ts').catch((cause) => {
  throw new Error('The built package cannot be loaded: run `npm run build` first.', { cause })
})

function casesOf(name: FormatName, answer: streams.Answer): Case[] {
  const readers = chatReaders(name)
  return [
    { name: `${name}/event`, answer, chunks: streams.chunkPerEvent(answer), readers },
    { name: `${name}/16KiB`, answer, chunks: streams.chunksOf(16_384, answer), readers },
    { name: `${name}/64B`, answer, chunks: streams.chunksOf(64, answer), readers },
  ]
}

function allCases(): Case[] {
  const big = streams.bigEvent()
  return [
    ...casesOf('openai', streams.openaiAnswer()),
    ...casesOf('anthropic', streams.anthropicAnswer()),
    ...casesOf('plain', streams.plainAnswer()),
    {
      name: '1MB/256B',
      answer: big,
      chunks: streams.chunksOf(256, big),
      readers: bigEventReaders(),
    },
  ]
}

function responseOf(chunks: Uint8Array[]): Response {
  let next = 0
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const chunk = chunks[next++]
      if (chunk) controller.enqueue(chunk)
      else controller.close()
    },
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream; charset=utf-8' } })
}

/** The milliseconds that one reading takes. Fails if it did not find exactly what was written. */
async function timed(subject: Case, reader: Reader): Promise<number> {
  const response = responseOf(subject.chunks)
  const start = performance.now()
  const found = await reader.read(response)
  const ms = performance.now() - start
  // Compared only now: two strings made of 10,000 pieces each take a while to compare.
  if (found.some((account) => account !== subject.answer[reader.returns])) {
    throw new Error(`${subject.name}: ${reader.name} returned a wrong ${reader.returns}.`)
  }
  return ms
}

function shuffled<T>(values: T[]): T[] {
  return values
    .map((value) => ({ value, key: Math.random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ value }) => value)
}

function quantile(values: number[], at: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(at * (sorted.length - 1))] ?? Number.NaN
}

/**
 * Runs the readers in rounds, each round in another order, so that what disturbs the machine for a
 * while disturbs all of them alike. In a round each reader reads several times: long enough to pay
 * for its own garbage.
 */
async function measure(subject: Case, seconds: number): Promise<Figure[]> {
  const readers = subject.readers.filter(({ name }) =>
    [name, 'floor'].includes(options.only ?? name),
  )
  const times = new Map(readers.map((reader) => [reader, [] as number[]]))
  const round = async (readings: number): Promise<void> => {
    for (const reader of shuffled(readers)) {
      let ms = 0
      for (let i = 0; i < readings; i++) ms += await timed(subject, reader)
      times.get(reader)?.push(ms / readings)
    }
  }
  for (let i = 0; i < WARMUP_ROUNDS; i++) await round(1)
  const [floor = []] = times.values()
  const readings = Math.ceil(MIN_READER_MS / quantile(floor, 0.5))
  for (const list of times.values()) list.length = 0
  const end = performance.now() + seconds * 1000
  for (let i = 0; i < MIN_ROUNDS || performance.now() < end; i++) await round(readings)

  return [...times].map(([reader, list]) => {
    const ratios = list.map((ms, i) => ms / (floor[i] ?? Number.NaN))
    const spread = (quantile(ratios, 0.75) - quantile(ratios, 0.25)) / 2
    // The lower quartile of the times: whatever else the machine does can only make them longer.
    const ms = quantile(list, 0.25)
    return { reader, ratio: ms / quantile(floor, 0.25), spread, ms }
  })
}

const HEADINGS = [
  'floor',
  'floor again',
  'hand-written',
  'readEvents',
  'streamEvents',
  'readChat',
  'streamChat',
  'sniffing',
]

function printRow(first: string, cells: string[]): void {
  console.log(first.padEnd(16) + cells.map((cell) => cell.padStart(14)).join(''))
}

function print(subject: Case, figures: Figure[]): void {
  const cells = HEADINGS.map((name) => {
    const figure = figures.find(({ reader }) => reader.name === name)
    if (!figure) return ''
    if (name !== 'floor') return `${figure.ratio.toFixed(2)} ±${figure.spread.toFixed(2)}`
    const perSecond = (subject.answer.frames.length / figure.ms) * 1000
    return `${Math.round(perSecond).toLocaleString('en')}/s`
  })
  printRow(subject.name, cells)
}

/** How far the second copy of the floor was from the first. */
function noiseIn(figures: Figure[]): number {
  const again = figures.find(({ reader }) => reader.name === 'floor again')
  return again ? Math.abs(again.ratio - 1) : 0
}

const cases = allCases().filter(({ name }) => name.startsWith(options.case))
if (cases.length === 0) throw new Error(`No case starts with "${options.case}".`)

console.log(`Node ${process.version}. Floor: events per second. Others: time as a multiple of the`)
console.log('floor, ± half the distance between the quartiles of the rounds.\n')
printRow('', HEADINGS)

const complaints: string[] = []
let noise = 0
for (const subject of cases) {
  let figures = await measure(subject, Number(options.seconds))
  // A verdict needs a quiet machine: a case that was disturbed gets two more chances.
  for (let chances = 2; options.check && chances > 0 && noiseIn(figures) > NOISE; chances--) {
    figures = await measure(subject, Number(options.seconds))
  }
  print(subject, figures)
  noise = Math.max(noise, noiseIn(figures))
  for (const { reader, ratio } of figures) {
    if (reader.limit !== undefined && ratio > reader.limit) {
      complaints.push(`${subject.name}: ${reader.name} ${ratio.toFixed(3)} > ${reader.limit}`)
    }
  }
}

console.log('')
if (noise > NOISE) {
  console.log(`Two copies of the floor differ by ${noise.toFixed(3)}: this machine is too busy.`)
}
for (const complaint of complaints) console.log(`Above its limit: ${complaint}`)
if (options.check && complaints.length > 0) process.exitCode = 1
