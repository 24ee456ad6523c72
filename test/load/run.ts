/**
 * What chatwire does under load: a million of everything, 100 MB in one event, a gzip bomb of 1 GiB
 * and a thousand streams at once. It fails if an answer is wrong or if a bound is broken that no
 * machine is too slow for; the figures are printed.
 *
 *     npm run test:load                  all of it, about half a minute
 *     npm run test:load -- comments      what has that in its name
 *
 * Blocked is the longest work of our thread within one turn of the event loop, in processor time;
 * turn is the same by the clock. The server is a process of its own. It measures the built package.
 */
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { getEventListeners, once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type ChatEvent, type ChatInit, readChat, streamChat } from 'chatwire'
import { measure } from './meter.ts'

const server = fork(fileURLToPath(new URL('server.ts', import.meta.url)))
const [port] = await once(server, 'message')
const url = (path: string): string => `http://127.0.0.1:${port}/${path}`

/** What came of an answer. */
interface Seen {
  events: number
  length: number
  end: string
}

async function read(stream: AsyncIterable<ChatEvent>): Promise<Seen> {
  const seen: Seen = { events: 0, length: 0, end: '' }
  for await (const event of stream) {
    seen.events++
    if (event.type === 'text') seen.length += event.text.length
    if (event.type === 'error') seen.end = event.error.code
    if (event.type === 'done') seen.end += `${seen.end && ' '}${event.finishReason}`
  }
  return seen
}

interface Load {
  path: string
  init?: Partial<ChatInit>
  end: string
  length?: number
  /** How long nothing else may get its turn, in milliseconds; 50 by default. */
  blockedMs?: number
  /** The most that the memory may grow meanwhile, in MiB. */
  peakMiB: number
}

/** What may be left on the heap: compiled code and the like. */
const MAX_HEAP_MIB = 16
const MAX_BLOCKED_MS = 50

const million = 1_000_000
const loads: Record<string, Load> = {
  'a million events of text': { path: 'events', end: 'stop', length: million + 2, peakMiB: 300 },
  'a million events of text again': {
    path: 'events',
    end: 'stop',
    length: million + 2,
    peakMiB: 100,
  },
  'a million events without data': { path: 'empty', end: 'stop', length: 2, peakMiB: 100 },
  'ten million blank lines': { path: 'blank', end: 'stop', length: 2, peakMiB: 200 },
  'a million comments': { path: 'comments', end: 'stop', length: 2, peakMiB: 100 },
  'a million data lines of one event': { path: 'lines', end: 'stop', length: 3, peakMiB: 300 },
  'one event of 100 MiB': {
    path: 'event',
    init: { maxEventSize: 256 * 1024 * 1024 },
    end: 'stop',
    length: 100 * 1024 * 1024 + 2,
    peakMiB: 1000,
    // JSON.parse alone takes more than a hundred.
    blockedMs: 1000,
  },
  'one line of 100 MiB': { path: 'line', end: 'too-large error', length: 2, peakMiB: 400 },
  'a gzip bomb of 1 GiB': { path: 'bomb', end: 'stop', length: 2, peakMiB: 300 },
  'a gzip bomb of 1 GiB in one line': {
    path: 'lineBomb',
    end: 'too-large error',
    length: 2,
    peakMiB: 400,
  },
}

/** A body that is already there: nothing between its chunks ever gives way by itself. */
async function* chunksAtHand(): AsyncGenerator<string> {
  const chunk = 'data: {"text":"x"}\n\n'.repeat(3000)
  for (let index = 0; index < 300; index++) yield chunk
  yield 'data: [DONE]\n\n'
}

const count = 1000

async function manyStreams(path: string, abort: AbortController): Promise<void> {
  const { signal } = abort
  let begun = 0
  const all = Array.from({ length: count }, async () => {
    const kinds: string[] = []
    for await (const event of streamChat({ url: url(path), signal })) {
      kinds.push(event.type === 'done' ? event.finishReason : event.type)
      if (kinds.length === 1 && ++begun === count && path === 'stall') {
        assert.equal(getEventListeners(signal, 'abort').length, count)
        abort.abort()
      }
    }
    return kinds.join()
  })
  const ends = new Set(await Promise.all(all))
  assert.deepEqual([...ends], [path === 'stall' ? 'text,aborted' : 'text,stop'])
  assert.deepEqual(getEventListeners(signal, 'abort'), [])
}

const atHand = async (): Promise<void> => {
  assert.equal((await read(readChat(chunksAtHand()))).length, 900_000)
}

/** What it costs to call fetch a thousand times in one turn is not ours. */
const manyMs = 2000

const works: Record<string, [work: () => Promise<unknown>, mostMs?: number]> = {
  '900,000 events that are already there': [atHand],
  'a thousand streams, read': [() => manyStreams('small', new AbortController()), manyMs],
  'a thousand streams, aborted': [() => manyStreams('stall', new AbortController()), manyMs],
  'a thousand streams again': [() => manyStreams('small', new AbortController()), manyMs],
}

const only = process.argv[2] ?? ''
const columns = ['ms', 'blocked', 'turn', 'peak MiB', 'heap MiB']
console.log(columns.map((name) => name.padStart(9)).join(''))

async function report(
  name: string,
  work: () => Promise<unknown>,
  mostMiB = 2000,
  mostMs = MAX_BLOCKED_MS,
): Promise<void> {
  if (!name.includes(only)) return
  const { ms, blockedMs, turnMs, peakMiB, heapMiB } = await measure(work)
  const figures = [ms, blockedMs, turnMs, peakMiB, heapMiB].map((value) => value.toFixed(0))
  console.log(`${figures.map((text) => text.padStart(9)).join('')}  ${name}`)
  assert.ok(peakMiB < mostMiB, `${name}: ${peakMiB} MiB is more than ${mostMiB}`)
  assert.ok(blockedMs < mostMs, `${name}: the thread is blocked for ${blockedMs} ms`)
  assert.ok(heapMiB < MAX_HEAP_MIB, `${name}: ${heapMiB} MiB are not let go of`)
}

// The code is compiled, and the first connection made, before anything is measured.
await read(streamChat({ url: url('small') }))
for (const [name, { path, init, end, length, peakMiB, blockedMs }] of Object.entries(loads)) {
  await report(
    name,
    async () => {
      const seen = await read(streamChat({ url: url(path), ...init }))
      assert.deepEqual([seen.end, seen.length], [end, length], name)
    },
    peakMiB,
    blockedMs,
  )
}
for (const [name, [work, ms]] of Object.entries(works)) await report(name, work, 500, ms)
server.disconnect()
