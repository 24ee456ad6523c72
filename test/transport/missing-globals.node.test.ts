import { readChat, streamChat } from 'chatwire'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sse, utf8 } from '../helpers/encode.ts'
import { run } from '../helpers/run.ts'
import { brief } from './brief.ts'
import { feed, url } from './feed.ts'

/**
 * What some runtime lacks that has `fetch`, `TextDecoder` and `getReader()`: Safari does not iterate
 * over streams, Hermes clones nothing, older ones pipe no text.
 */
const missing: [object, PropertyKey][] = [
  [globalThis, 'TransformStream'],
  [globalThis, 'TextDecoderStream'],
  [globalThis, 'structuredClone'],
  [globalThis, 'scheduler'],
  [globalThis, 'setImmediate'],
  [ReadableStream.prototype, Symbol.asyncIterator],
  [ReadableStream.prototype, 'values'],
  [AbortSignal, 'any'],
  [AbortSignal, 'timeout'],
  [URL, 'canParse'],
  [Promise, 'withResolvers'],
]
const undo: (() => void)[] = []

beforeEach(() => {
  for (const [owner, name] of missing) {
    const descriptor = Object.getOwnPropertyDescriptor(owner, name)
    if (descriptor === undefined) continue
    Reflect.deleteProperty(owner, name)
    undo.push(() => Object.defineProperty(owner, name, descriptor))
  }
})
afterEach(() => {
  for (const restore of undo.splice(0)) restore()
})

test('a stream needs none of them', async () => {
  const { fetch, send } = feed()
  send([{ text: 'Hé' }, '[DONE]'])
  const body = utf8('{}') as Uint8Array<ArrayBuffer>
  const events = await run(streamChat({ url, fetch, method: 'POST', body, buffer: 'word' }))
  expect(brief(events)).toEqual(['text Hé', 'done stop: Hé'])
})

test('nor does a response that is already there, or an abort', async () => {
  const response = new Response(sse([{ text: 'Hi' }]))
  expect(brief(await run(readChat(response)))).toEqual(['text Hi', 'done unknown: Hi'])
  const { fetch } = feed()
  const abort = new AbortController()
  const pending = run(streamChat({ url, fetch, signal: abort.signal, timeout: { idle: 60_000 } }))
  await new Promise((resolve) => setTimeout(resolve, 5))
  abort.abort()
  expect(brief(await pending)).toEqual(['done aborted: '])
})
