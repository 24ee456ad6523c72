/** The least that has to be done, and what is written by hand without a library. */
import { createParser } from 'eventsource-parser'
import { bodyOf, type Extract, type Reader, type Take } from './reader.ts'

/** Hands each piece of the decoded body on. */
async function decoded(response: Response, feed: (text: string) => void): Promise<undefined> {
  const reader = bodyOf(response).getReader()
  const decoder = new TextDecoder()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    feed(decoder.decode(value, { stream: true }))
  }
}

/** The least that a correct reader has to do; everything is measured against it. */
function floor(response: Response, extract: Extract, take: Take): Promise<undefined> {
  const parser = createParser({ onEvent: ({ data }) => take(extract(data)) })
  return decoded(response, (text) => parser.feed(text))
}

/** The loop of the tutorials, in a version that survives chunk boundaries. */
function byLine(response: Response, extract: Extract, take: Take): Promise<undefined> {
  let rest = ''
  return decoded(response, (text) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line.startsWith('data: ')) take(extract(line.slice('data: '.length)))
    }
  })
}

/** The other loop of the tutorials: it adds to a buffer and cuts off one event after the other. */
function byBuffer(response: Response, extract: Extract, take: Take): Promise<undefined> {
  let buffer = ''
  return decoded(response, (text) => {
    buffer += text
    for (let end = buffer.indexOf('\n\n'); end !== -1; end = buffer.indexOf('\n\n')) {
      const line = buffer.slice(buffer.indexOf('data: '), end)
      buffer = buffer.slice(end + 2)
      take(extract(line.slice('data: '.length)))
    }
  })
}

/** The first is the floor. */
export function baselines(extract: Extract, returns: Reader['returns']): Reader[] {
  const reader = (name: string, read: typeof floor): Reader => {
    return { name, read: (response, take) => read(response, extract, take), returns }
  }
  return [
    reader('floor', floor),
    // The same code once more: how far from 1.00 it lands is what the harness cannot tell apart.
    reader('floor again', floor),
    reader('by hand: lines', byLine),
    reader('by hand: buffer', byBuffer),
  ]
}
