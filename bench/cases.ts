/** The cases whose figure is a multiple of the floor's time. */
import { setImmediate as turn } from 'node:timers/promises'
import * as answers from './answers.ts'
import { type Column, type Contestant, cpuMs, measure } from './measure.ts'
import { bigEventReaders, chatReadersOf, type FormatName, type Reader } from './readers/index.ts'
import { openResponse, readAll, timeOf } from './reading.ts'

export interface Case {
  name: string
  /** The row of chatwire that is compared with the best other, unless it is `streamChat`. */
  ours?: string
  /** How often the floor's time `streamChat` and `streamEvents` may take; `--check` fails above. */
  limit?: number
  /** Made when its turn comes: what no other case needs should not lie in the heap. */
  prepare(): Prepared
}

interface Prepared {
  /** How many events one reading has. */
  events: number
  contestants: Contestant[]
}

const EVENTS = 10_000
/** A million chunks of one byte would take too long. */
const EVENTS_OF_BYTES = 100
const STREAMS = 1000
const EVENTS_OF_A_STREAM = 30

function reading(answer: answers.Answer, readers: Reader[], chunks: Uint8Array[]): Prepared {
  const contestants = readers.map((reader) => ({
    name: reader.name,
    run: () => timeOf(reader, chunks, answer[reader.returns]),
  }))
  return { events: answer.frames.length, contestants }
}

type Cut = (answer: answers.Answer) => Uint8Array[]

function chatCase(
  format: FormatName,
  write: answers.WriteAnswer,
  cut: [name: string, Cut],
  events = EVENTS,
): Case {
  return {
    name: `${format}/${cut[0]}`,
    prepare: () => {
      const answer = write(events)
      return reading(answer, chatReadersOf(format), cut[1](answer))
    },
  }
}

const chunksOf = (size: number): Cut => {
  return (answer) => answers.chunksOf(size, answer)
}
const perEvent: [string, Cut] = ['event', answers.chunkPerEvent]
const cuts = [perEvent, ['16KiB', chunksOf(16_384)], ['64B', chunksOf(64)]] satisfies [
  string,
  Cut,
][]

/** The nine cases of 10,000 events in formats that most libraries can read. */
export const nineCases: Case[] = [
  ...cuts.map((cut) => chatCase('openai', answers.openaiAnswer, cut)),
  ...cuts.map((cut) => chatCase('anthropic', answers.anthropicAnswer, cut)),
  ...cuts.map((cut) => chatCase('plain', answers.plainAnswer, cut)),
].map((subject) => ({ ...subject, limit: 1.25 }))

/** Formats that belong to a library, and bytes that come in extreme ways. */
export const otherCases: Case[] = [
  chatCase('aiSdk', answers.aiSdkAnswer, perEvent),
  chatCase('agui', answers.aguiAnswer, perEvent),
  {
    name: '1MB/256B',
    ours: 'streamEvents',
    limit: 1.5,
    prepare: () => {
      const answer = answers.bigEvent()
      return reading(answer, bigEventReaders(), answers.chunksOf(256, answer))
    },
  },
  chatCase('openai', answers.openaiAnswer, ['1B', chunksOf(1)], EVENTS_OF_BYTES),
  { name: '1000/streams', prepare: manyStreams },
]

/** The time of a thousand streams that are read at once, and each get an event in turn. */
function manyStreams(): Prepared {
  const answer = answers.openaiAnswer(EVENTS_OF_A_STREAM)
  const chunks = answers.chunkPerEvent(answer)
  const run = async (reader: Reader): Promise<number> => {
    const streams = Array.from({ length: STREAMS }, openResponse)
    const start = cpuMs()
    const readings = streams.map(({ response }) => readAll(reader, response, answer.text))
    for (const chunk of chunks) {
      for (const { send } of streams) send(chunk)
      await turn()
    }
    for (const { end } of streams) end()
    const checks = await Promise.all(readings)
    const ms = cpuMs() - start
    for (const check of checks) check()
    return ms
  }
  return {
    events: STREAMS * answer.frames.length,
    contestants: chatReadersOf('openai').map((reader) => ({
      name: reader.name,
      run: () => run(reader),
    })),
  }
}

export async function measureCase(
  { name, ours, prepare }: Case,
  wanted: (reader: string) => boolean,
  seconds: number,
): Promise<Column> {
  const { events, contestants } = prepare()
  const times = await measure(
    contestants.filter((contestant) => wanted(contestant.name)),
    seconds,
  )
  const floor = times.get('floor') ?? Number.NaN
  return {
    name,
    figures: new Map([...times].map(([reader, ms]) => [reader, ms / floor])),
    eventsPerSecond: (events / floor) * 1000,
    ...(ours !== undefined && { ours }),
  }
}
