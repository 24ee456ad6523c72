/** The cases whose figure is a multiple of the floor's time. */
import { setImmediate as turn } from 'node:timers/promises'
import * as answers from './answers.ts'
import { type Column, type Contestant, cpuMs, measure } from './measure.ts'
import { bigEventReaders, chatReadersOf, type FormatName, type Reader } from './readers/index.ts'
import { openResponse, readAll, timeOf } from './reading.ts'

export interface Case {
  name: string
  /** How many events one reading has. */
  events: number
  contestants: Contestant[]
  /** The row of chatwire that is compared with the best other, unless it is `streamChat`. */
  ours?: string
  /** How often the floor's time `streamChat` and `streamEvents` may take; `--check` fails above. */
  limit?: number
}

const EVENTS = 10_000
/** A million chunks of one byte would take too long. */
const EVENTS_OF_BYTES = 300
const STREAMS = 1000
const EVENTS_OF_A_STREAM = 50

function readingCase(
  name: string,
  answer: answers.Answer,
  readers: Reader[],
  chunks: Uint8Array[],
): Case {
  const contestants = readers.map((reader) => ({
    name: reader.name,
    run: () => timeOf(reader, chunks, answer[reader.returns]),
  }))
  return { name, events: answer.frames.length, contestants }
}

/** Chunks of one event, of 16 KiB and of 64 bytes. */
function threeCases(name: FormatName, answer: answers.Answer): Case[] {
  const readers = chatReadersOf(name)
  return [
    readingCase(`${name}/event`, answer, readers, answers.chunkPerEvent(answer)),
    readingCase(`${name}/16KiB`, answer, readers, answers.chunksOf(16_384, answer)),
    readingCase(`${name}/64B`, answer, readers, answers.chunksOf(64, answer)),
  ].map((subject) => ({ ...subject, limit: 1.25 }))
}

/** The nine cases of 10,000 events in formats that most libraries can read. */
export function nineCases(): Case[] {
  return [
    ...threeCases('openai', answers.openaiAnswer(EVENTS)),
    ...threeCases('anthropic', answers.anthropicAnswer(EVENTS)),
    ...threeCases('plain', answers.plainAnswer(EVENTS)),
  ]
}

/** Formats that belong to a library, and bytes that come in extreme ways. */
export function otherCases(): Case[] {
  const aiSdk = answers.aiSdkAnswer(EVENTS)
  const agui = answers.aguiAnswer(EVENTS)
  const big = answers.bigEvent()
  const few = answers.openaiAnswer(EVENTS_OF_BYTES)
  return [
    readingCase('aiSdk/event', aiSdk, chatReadersOf('aiSdk'), answers.chunkPerEvent(aiSdk)),
    readingCase('agui/event', agui, chatReadersOf('agui'), answers.chunkPerEvent(agui)),
    {
      ...readingCase('1MB/256B', big, bigEventReaders(), answers.chunksOf(256, big)),
      ours: 'streamEvents',
      limit: 1.5,
    },
    readingCase('openai/1B', few, chatReadersOf('openai'), answers.chunksOf(1, few)),
    manyStreams(),
  ]
}

/** The time of a thousand streams that are read at once, and each get an event in turn. */
function manyStreams(): Case {
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
    name: '1000/streams',
    events: STREAMS * answer.frames.length,
    contestants: chatReadersOf('openai').map((reader) => ({
      name: reader.name,
      run: () => run(reader),
    })),
  }
}

export async function measureCase(subject: Case, seconds: number): Promise<Column> {
  const { name, events, contestants, ours } = subject
  const times = await measure(contestants, seconds)
  const floor = times.get('floor') ?? Number.NaN
  return {
    name,
    figures: new Map([...times].map(([reader, ms]) => [reader, ms / floor])),
    unit: 'ratio',
    eventsPerSecond: (events / floor) * 1000,
    ...(ours !== undefined && { ours }),
  }
}
