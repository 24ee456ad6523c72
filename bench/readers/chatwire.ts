import { readEvents, streamChat, streamEvents } from 'chatwire'
import { readChat as readCoreChat, streamChat as streamCoreChat } from 'chatwire/core'
import type { WireFormat } from 'chatwire/formats'
import { fetchOf, type Reader, type Take, url } from './reader.ts'

/** What an application does with a chat stream. */
async function takeText(stream: ReturnType<typeof readCoreChat>, take: Take) {
  for await (const event of stream) {
    if (event.type === 'text') take(event.text)
    else if (event.type === 'error') throw event.error
    else if (event.type === 'done') return event.text
  }
}

async function takeData(stream: ReturnType<typeof readEvents>, take: Take): Promise<undefined> {
  for await (const event of stream) take(event.data)
}

function requestFor(response: Response) {
  return {
    url,
    json: { messages: [{ role: 'user', content: 'Hello' }] },
    fetch: fetchOf(response),
  }
}

/** The readers of chatwire that give the text of an answer in `format`; "sniffing" finds out. */
export function chatReaders(format: WireFormat): Reader[] {
  return [
    {
      name: 'readChat',
      read: (response, take) => takeText(readCoreChat(response, { format }), take),
      returns: 'text',
    },
    {
      name: 'streamChat',
      read: (response, take) => {
        return takeText(streamCoreChat({ ...requestFor(response), format }), take)
      },
      returns: 'text',
    },
    {
      name: 'sniffing',
      read: (response, take) => takeText(streamChat(requestFor(response)), take),
      returns: 'text',
    },
  ]
}

/** The readers of chatwire that give the events of any server. */
export const eventReaders: Reader[] = [
  {
    name: 'readEvents',
    read: (response, take) => takeData(readEvents(response), take),
    returns: 'data',
  },
  {
    name: 'streamEvents',
    read: (response, take) => takeData(streamEvents(requestFor(response)), take),
    returns: 'data',
  },
]
