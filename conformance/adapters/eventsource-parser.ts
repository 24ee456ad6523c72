/** eventsource-parser, fed with text as its README does. It reads event streams only. */
import { createParser } from 'eventsource-parser'
import type { SseReading } from '../check.ts'

export async function readSse(chunks: AsyncIterable<Uint8Array>): Promise<SseReading> {
  const reading: SseReading = { events: [], reconnectionTime: null }
  let lastEventId = ''
  const parser = createParser({
    onEvent({ event = 'message', data }) {
      reading.events.push([event, data, lastEventId])
    },
    onId(id) {
      lastEventId = id
    },
    onRetry(ms) {
      reading.reconnectionTime = ms
    },
  })
  // The parser drops the byte order mark itself.
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  for await (const chunk of chunks) parser.feed(decoder.decode(chunk, { stream: true }))
  parser.feed(decoder.decode())
  return reading
}
