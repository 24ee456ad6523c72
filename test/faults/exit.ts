import { streamChat } from '../../src/index.ts'

/**
 * A program that streams an answer, is done with it in one of several ways, says so, and has nothing
 * more to do. Whether it exits by itself then is for the test to see: a timer or a connection that
 * is left over would keep it.
 */
const [url = '', way = ''] = process.argv.slice(2)

const abort = new AbortController()
const timeout = { response: 60_000, idle: 60_000, content: 60_000 }
const stream = streamChat({ url, signal: abort.signal, timeout, buffer: { maxHoldMs: 60_000 } })

async function readToTheEnd(): Promise<void> {
  for await (const _ of stream);
}

const ways: Record<string, () => Promise<unknown>> = {
  done: readToTheEnd,
  error: readToTheEnd,
  async abort() {
    for await (const event of stream) if (event.type === 'text') abort.abort()
  },
  async break() {
    for await (const _ of stream) break
  },
  async return() {
    await stream.next()
    const waiting = stream.next()
    await stream.return()
    await waiting
  },
  unread: () => stream.return(),
}

const leave = ways[way]
if (leave === undefined) throw new Error(`no such way: ${way}`)
await leave()
process.stdout.write('left\n')
