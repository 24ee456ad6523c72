/**
 * The readers that are compared. Each takes a `Response`, reads it to its end and returns what it
 * found; the caller compares that with what was written.
 */
import { readEvents, streamChat, streamEvents } from 'chatwire'
import { readChat as readCoreChat, streamChat as streamCoreChat } from 'chatwire/core'
import { anthropic, openaiChat, plain, type WireFormat } from 'chatwire/formats'
import { createParser } from 'eventsource-parser'

export interface Reader {
  name: string
  /**
   * Gives the answer's text; or the data of the events, for a reader that looks no deeper. A reader
   * with more than one account of it gives each, and all of them must be right.
   */
  read(response: Response): Promise<string[]>
  returns: 'text' | 'data'
  /** How often the floor's time it may take at most; `--check` fails above it. */
  limit?: number
}

export type FormatName = 'openai' | 'anthropic' | 'plain'

/** Takes the text out of one parsed payload, as an application that knows its server would. */
type Pick = (payload: unknown) => string

type ChatCompletionChunk = { choices: { delta: { content?: string | null } }[] }
type MessageEvent = { type: string; delta?: { type: string; text: string } }

const picks: Record<FormatName, Pick> = {
  openai: (payload) => (payload as ChatCompletionChunk).choices[0]?.delta.content ?? '',
  anthropic: (payload) => {
    const { type, delta } = payload as MessageEvent
    return type === 'content_block_delta' && delta?.type === 'text_delta' ? delta.text : ''
  },
  plain: (payload) => (payload as { text: string }).text,
}

const formats: Record<FormatName, WireFormat> = { openai: openaiChat, anthropic, plain }

function readerOf(response: Response): ReadableStreamDefaultReader<Uint8Array> {
  if (!response.body) throw new Error('The response has no body.')
  return response.body.getReader()
}

/** The least that a correct reader has to do; everything is measured against it. */
async function floor(response: Response, pick: Pick): Promise<string[]> {
  let text = ''
  const parser = createParser({
    onEvent: ({ data }) => {
      if (data !== '[DONE]') text += pick(JSON.parse(data))
    },
  })
  const reader = readerOf(response)
  const decoder = new TextDecoder()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return [text]
    parser.feed(decoder.decode(value, { stream: true }))
  }
}

/** The loop of the tutorials, in a version that survives chunk boundaries. */
async function handWritten(response: Response, pick: Pick): Promise<string[]> {
  let text = ''
  let rest = ''
  const reader = readerOf(response)
  const decoder = new TextDecoder()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return [text]
    const lines = (rest + decoder.decode(value, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (!line.startsWith('data: ')) continue
      const data = line.slice('data: '.length)
      if (data !== '[DONE]') text += pick(JSON.parse(data))
    }
  }
}

/** eventsource-parser on its own: read, decode, feed, and no look into the payload. */
async function parserAlone(response: Response): Promise<string[]> {
  let all = ''
  const parser = createParser({
    onEvent: ({ data }) => {
      all += data
    },
  })
  const reader = readerOf(response)
  const decoder = new TextDecoder()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return [all]
    parser.feed(decoder.decode(value, { stream: true }))
  }
}

/** What an application does with a chat stream. */
async function textFrom(stream: ReturnType<typeof readCoreChat>): Promise<string[]> {
  let text = ''
  let textAtEnd = ''
  for await (const event of stream) {
    if (event.type === 'text') text += event.text
    else if (event.type === 'error') throw event.error
    else if (event.type === 'done') textAtEnd = event.text
  }
  return [text, textAtEnd]
}

async function dataFrom(stream: ReturnType<typeof readEvents>): Promise<string[]> {
  let all = ''
  for await (const event of stream) all += event.data
  return [all]
}

// Nothing goes over the network: `fetch` hands out the prepared response.
function requestFor(response: Response) {
  return {
    url: 'http://127.0.0.1/chat',
    json: { messages: [{ role: 'user', content: 'Hello' }] },
    fetch: () => Promise.resolve(response),
  }
}

/** The readers of chatwire that give the text of an answer in `format`. */
function chatwireReaders(format: WireFormat, limit: number): Reader[] {
  return [
    {
      name: 'readChat',
      read: (response) => textFrom(readCoreChat(response, { format })),
      returns: 'text',
    },
    {
      name: 'streamChat',
      read: (response) => textFrom(streamCoreChat({ ...requestFor(response), format })),
      returns: 'text',
      limit,
    },
    {
      name: 'sniffing',
      read: (response) => textFrom(streamChat(requestFor(response))),
      returns: 'text',
    },
  ]
}

/** The readers of a chat answer; the first is the floor. */
export function chatReaders(name: FormatName): Reader[] {
  const pick = picks[name]
  const readFloor: Reader['read'] = (response) => floor(response, pick)
  return [
    { name: 'floor', read: readFloor, returns: 'text' },
    // The same code once more: how far from 1.00 it lands is what the harness cannot tell apart.
    { name: 'floor again', read: readFloor, returns: 'text' },
    { name: 'hand-written', read: (response) => handWritten(response, pick), returns: 'text' },
    ...chatwireReaders(formats[name], 1.25),
  ]
}

/** The readers of one large event; the first is the floor: eventsource-parser alone. */
export function bigEventReaders(): Reader[] {
  return [
    { name: 'floor', read: parserAlone, returns: 'data' },
    { name: 'floor again', read: parserAlone, returns: 'data' },
    { name: 'readEvents', read: (response) => dataFrom(readEvents(response)), returns: 'data' },
    {
      name: 'streamEvents',
      read: (response) => dataFrom(streamEvents(requestFor(response))),
      returns: 'data',
      limit: 1.5,
    },
    ...chatwireReaders(plain, 1.5),
  ]
}
