/** How long an event takes from the arrival of its bytes to the hands of the consumer. */
import { setImmediate as turn } from 'node:timers/promises'
import * as answers from './answers.ts'
import { type Column, quantile } from './measure.ts'
import { chatReadersOf, type Reader } from './readers/index.ts'
import { openResponse } from './reading.ts'

const EVENTS = 500
const WARMUP_ROUNDS = 4
const ROUNDS = 12
/** How many turns of the event loop an event may take. Some hold no text and never come out. */
const MAX_TURNS = 50

/** The microseconds of each piece of text. The next event comes when the one before was taken. */
async function latencies(reader: Reader, chunks: Uint8Array[], text: string): Promise<number[]> {
  const found: number[] = []
  let all = ''
  let sentAt: number | undefined
  const { response, send, end } = openResponse()
  const reading = reader.read(response, (piece) => {
    const now = performance.now()
    if (piece === '') return
    if (sentAt === undefined) throw new Error(`${reader.name} kept an event back.`)
    found.push((now - sentAt) * 1000)
    sentAt = undefined
    all += piece
  })
  for (const chunk of chunks) {
    await turn()
    sentAt = performance.now()
    send(chunk)
    for (let i = 0; i < MAX_TURNS && sentAt !== undefined; i++) await turn()
  }
  end()
  await reading
  if (all !== text) throw new Error(`${reader.name} returned something else than was written.`)
  return found
}

/** The median and the 99th percentile; of the rounds the lower quartile counts. */
export async function measureLatency(wanted: (name: string) => boolean): Promise<Column[]> {
  const answer = answers.openaiAnswer(EVENTS)
  const chunks = answers.chunkPerEvent(answer)
  const readers = chatReadersOf('openai').filter(({ name }) => wanted(name))
  const rounds = new Map(readers.map((reader) => [reader, [] as number[][]]))
  for (let round = 0; round < WARMUP_ROUNDS + ROUNDS; round++) {
    for (const [reader, list] of rounds) {
      const found = await latencies(reader, chunks, answer.text)
      if (round >= WARMUP_ROUNDS) list.push(found)
    }
  }
  const column = (name: string, at: number): Column => {
    const figures = [...rounds].map(([{ name }, list]): [string, number] => {
      const ofRounds = list.map((found) => quantile(found, at))
      return [name, quantile(ofRounds, 0.25)]
    })
    return { name, figures: new Map(figures) }
  }
  return [column('latency/µs', 0.5), column('latency/p99 µs', 0.99)]
}
