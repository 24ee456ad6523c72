import { once } from 'node:events'
import { createServer } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'

/**
 * A server of large answers, a program of its own so that what it does takes no turn of the event
 * loop that is measured. The path says what it sends; it writes where it listens.
 */
const piece = 64 * 1024
const said = 'data: {"text":"Hi"}\n\n'
const end = 'data: [DONE]\n\n'

/** `count` repeats of a text, in pieces of about 64 KiB. */
function* repeated(text: string, count: number): Generator<string> {
  const times = Math.max(Math.floor(piece / text.length), 1)
  const many = text.repeat(times)
  for (let left = count; left > 0; left -= times) {
    yield left >= times ? many : text.repeat(left)
  }
}

const filler = 'x'.repeat(piece)
const million = 1_000_000

const bodies: Record<string, () => Iterable<string | Uint8Array>> = {
  events: () => repeated('data: {"text":"x"}\n\n', million),
  empty: () => repeated('data\n\n', million),
  blank: () => repeated('\n', 10 * million),
  comments: () => repeated(':\n', million),
  *lines() {
    yield 'data: {"text":"x"\n'
    yield* repeated('data: \n', million)
    yield 'data: }\n\n'
  },
  *event() {
    yield 'data: {"text":"'
    yield* repeated(filler, 1600)
    yield '"}\n\n'
  },
  line: () => repeated(filler, 1600),
  /** 1 GiB, of which 5 MB go over the wire: what was zipped once may be repeated. */
  *bomb() {
    const mebibyte = gzipSync(`:${filler.slice(2)}\n`.repeat(16))
    for (let count = 0; count < 1024; count++) yield mebibyte
  },
  *lineBomb() {
    const mebibyte = gzipSync(filler.repeat(16))
    for (let count = 0; count < 1024; count++) yield mebibyte
  },
}

const server = createServer(async (request, response) => {
  const name = request.url?.slice(1) ?? ''
  const body = bodies[name]
  const isZipped = /bomb$/i.test(name)
  const part = (text: string): string | Uint8Array => (isZipped ? gzipSync(text) : text)
  response.on('error', () => undefined)
  const comes = (event: string): Promise<unknown> => once(response, event).catch(() => undefined)
  const closed = comes('close')
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    ...(isZipped && { 'content-encoding': 'gzip' }),
  })
  response.write(part(said))
  if (name === 'stall') return
  await wait(20)
  for (const bytes of body?.() ?? []) {
    if (response.destroyed) return
    if (!response.write(bytes)) await Promise.race([comes('drain'), closed])
  }
  response.end(part(end))
})

server.listen({ port: 0, host: '127.0.0.1', backlog: 2048 }, () => {
  const address = server.address()
  if (typeof address === 'object') process.send?.(address?.port)
})
// The program that wanted it has gone.
process.on('disconnect', () => process.exit())
