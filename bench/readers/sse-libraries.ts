/**
 * Libraries that read server-sent events, each used as its own documentation shows. What is in an
 * event they leave to the application.
 */
import { fetchEventSource } from '@microsoft/fetch-event-source'
import { EventSourceParserStream } from 'eventsource-parser/stream'
import { events } from 'fetch-event-stream'
import { sseData } from 'llm-sse'
import { parseServerSentEvents } from 'parse-sse'
import { bodyOf, type Extract, fetchOf, type Reader, type Take, url } from './reader.ts'

// fetch-event-source is made for a page: without these two it cannot come to an end.
Object.assign(globalThis, {
  window: { clearTimeout },
  document: { removeEventListener: () => {} },
})

type ReadData = (response: Response, take: Take) => Promise<undefined>

const readData: Record<string, ReadData> = {
  async 'eventsource-parser'(response, take) {
    const stream = bodyOf(response)
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new EventSourceParserStream())
    for await (const { data } of stream) take(data)
  },

  async 'fetch-event-source'(response, take) {
    await fetchEventSource(url, {
      method: 'POST',
      openWhenHidden: true,
      fetch: fetchOf(response),
      onmessage: ({ data }) => take(data),
      // Its own answer to an error is to ask again.
      onerror: (error) => {
        throw error
      },
    })
  },

  async 'fetch-event-stream'(response, take) {
    for await (const { data } of events(response)) if (data !== undefined) take(data)
  },

  async 'parse-sse'(response, take) {
    for await (const { data } of parseServerSentEvents(response)) take(data)
  },

  async 'llm-sse'(response, take) {
    for await (const data of sseData(bodyOf(response))) take(data)
  },
}

export function sseLibraries(extract: Extract, returns: Reader['returns']): Reader[] {
  return Object.entries(readData).map(([name, read]) => ({
    name,
    read: (response, take) => read(response, (data) => take(extract(data))),
    returns,
  }))
}
