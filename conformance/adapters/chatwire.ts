/** chatwire, by the names under which it is installed. */
import { createSseDecoder, readChat as read } from 'chatwire'
import * as formats from 'chatwire/formats'
import type { ChatReading, SseReading } from '../check.ts'

const { auto: _, select: __, thinkTags: ___, ...named } = formats
const byName = new Map(Object.entries(named))

export async function readSse(chunks: AsyncIterable<Uint8Array>): Promise<SseReading> {
  const reading: SseReading = { events: [], reconnectionTime: null }
  const decoder = createSseDecoder({
    onReconnectionTime(ms) {
      reading.reconnectionTime = ms
    },
  })
  const emit: Parameters<typeof decoder.end>[0] = ({ type, data, lastEventId }) =>
    reading.events.push([type, data, lastEventId])
  for await (const chunk of chunks) decoder.push(chunk, emit)
  decoder.end(emit)
  return reading
}

export async function readChat(
  chunks: AsyncIterable<Uint8Array>,
  about: { format: string; contentType: string },
): Promise<ChatReading> {
  const format = byName.get(about.format)
  if (format === undefined) throw new Error(`chatwire has no format ${about.format}`)
  const headers = { 'content-type': about.contentType }
  const response = new Response(streamOf(chunks), { headers })
  const data: string[] = []
  const choices: Record<string, string> = {}
  for await (const event of read(response, { format })) {
    if (event.type === 'data') data.push(event.name)
    if (event.type === 'text' && event.choice !== undefined) {
      choices[event.choice] = (choices[event.choice] ?? '') + event.text
    }
    if (event.type !== 'done') continue
    const { type: _, timing: __, usage, sources, error, ...answer } = event
    const { raw: ___, ...counts } = usage ?? { raw: undefined }
    return {
      ...answer,
      rawFinishReason: answer.rawFinishReason ?? null,
      id: answer.id ?? null,
      model: answer.model ?? null,
      sources: sources.map(({ raw: _, ...source }) => source),
      usage: usage === undefined ? null : counts,
      error: error === undefined ? null : { ...error, message: error.message },
      data,
      choices,
    }
  }
  throw new Error('there was no done event')
}

function streamOf(chunks: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]()
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await iterator.next()
      if (done) controller.close()
      else controller.enqueue(value)
    },
  })
}
