/** A million characters of text, cut anew into words and into pieces of 20 characters. */
import { smoothStream, type TextStreamPart, type ToolSet } from 'ai'
import { type BufferSpec, bufferText, type ChatEvent, createTextBuffer } from 'chatwire'
import { type Column, cpuMs, measure } from './measure.ts'
import { deltas } from './texts.ts'

const LENGTH = 1_000_000

type Take = (piece: string) => void
type Chunking = 'word' | RegExp | Intl.Segmenter
type Part = TextStreamPart<ToolSet>

function million(): string[] {
  const pieces: string[] = []
  let length = 0
  for (const piece of deltas(7, LENGTH)) {
    length += piece.length
    if (length > LENGTH) break
    pieces.push(piece)
  }
  return pieces
}

const pieces = million()
const whole = pieces.join('')

/** The buffer on its own, which is synchronous. */
async function plainBuffer(spec: BufferSpec, take: Take): Promise<void> {
  const buffer = createTextBuffer(spec)
  for (const piece of pieces) take(buffer.push(piece))
  take(buffer.flush())
}

async function* events(): AsyncGenerator<ChatEvent> {
  for (const text of pieces) yield { type: 'text', text }
}

async function bufferedEvents(spec: BufferSpec, take: Take): Promise<void> {
  for await (const event of bufferText(events(), spec)) if (event.type === 'text') take(event.text)
}

async function smoothed(chunking: Chunking, take: Take): Promise<void> {
  const parts = new ReadableStream<Part>({
    start(controller) {
      for (const text of pieces) controller.enqueue({ type: 'text-delta', id: '0', text })
      // It holds the rest back until something else comes.
      controller.enqueue({ type: 'text-end', id: '0' })
      controller.close()
    },
  })
  const smooth = smoothStream({ delayInMs: null, chunking })({ tools: {} })
  for await (const part of parts.pipeThrough(smooth)) {
    if (part.type === 'text-delta') take(part.text)
  }
}

async function timed(name: string, run: (take: Take) => Promise<void>): Promise<number> {
  let all = ''
  const start = cpuMs()
  await run((piece) => {
    all += piece
  })
  const ms = cpuMs() - start
  if (all !== whole) throw new Error(`${name} returned something else than was written.`)
  return ms
}

type Way = (take: Take) => Promise<void>

const words: Record<string, Way> = {
  createTextBuffer: (take) => plainBuffer('word', take),
  bufferText: (take) => bufferedEvents('word', take),
  smoothStream: (take) => smoothed('word', take),
  'smoothStream, segmenter': (take) => {
    return smoothed(new Intl.Segmenter('en', { granularity: 'word' }), take)
  },
}

const twenties: Record<string, Way> = {
  createTextBuffer: (take) => plainBuffer(20, take),
  bufferText: (take) => bufferedEvents(20, take),
  // As an expression it can: it does not know where a character begins.
  smoothStream: (take) => smoothed(/[\s\S]{20}/, take),
}

export async function measureBuffering(
  wanted: (name: string) => boolean,
  seconds: number,
): Promise<Column[]> {
  const column = async (name: string, ways: Record<string, Way>): Promise<Column> => {
    const contestants = Object.entries(ways)
      .filter(([way]) => wanted(way))
      .map(([way, run]) => ({ name: way, run: () => timed(way, run) }))
    const figures = await measure(contestants, seconds)
    return { name, figures, ours: 'bufferText' }
  }
  return [await column('buffer/words', words), await column('buffer/20 chars', twenties)]
}
