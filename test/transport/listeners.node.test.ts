import { getEventListeners } from 'node:events'
import { readChat, streamChat, streamEvents } from 'chatwire'
import { expect, test } from 'vitest'
import { run } from '../helpers/run.ts'
import { deafFetch, feed, url } from './feed.ts'

const listeners = (signal: AbortSignal) => getEventListeners(signal, 'abort').length

test('a running stream has one listener on the signal, and none when it is over', async () => {
  const { signal } = new AbortController()
  const { fetch, send } = feed()
  const stream = streamChat({ url, fetch, signal })
  expect(listeners(signal)).toBe(0)
  const first = stream.next()
  expect(listeners(signal)).toBe(1)
  send([{ text: 'Hi' }], ['[DONE]'])
  await first
  await run(stream)
  expect(listeners(signal)).toBe(0)
})

test('a signal that outlives a thousand streams keeps no listener, and Node warns of no leak', async () => {
  const warnings: Error[] = []
  const warn = (warning: Error) => warnings.push(warning)
  process.on('warning', warn)
  const abort = new AbortController()
  const { signal } = abort
  const streams = Array.from({ length: 1000 }, (_, index) => {
    const { fetch, send, end, fail } = feed()
    const stream = streamChat({ url, fetch, signal })
    if (index % 4 === 0) send([{ text: 'Hi' }, '[DONE]'])
    if (index % 4 === 1) end()
    if (index % 4 === 2) fail(new Error('reset'))
    if (index % 4 === 3) return stream.next().then(() => undefined, undefined)
    return run(stream)
  })
  await new Promise((resolve) => setTimeout(resolve, 20))
  // One of four is still waiting for bytes.
  expect(listeners(signal)).toBe(250)
  abort.abort()
  await Promise.all(streams)
  expect(listeners(signal)).toBe(0)
  process.off('warning', warn)
  expect(warnings.map(String)).toEqual([])
})

test('leaving, in any way, takes the listener off the signal at once', async () => {
  const { signal } = new AbortController()
  const leave = [
    async () => {
      for await (const _ of readChat(new Response('data: {"text":"Hi"}\n\n'), { signal })) break
    },
    async () => {
      const stream = streamChat({ url, fetch: deafFetch, signal })
      const waiting = stream.next()
      await stream.return()
      await waiting
    },
    async () => {
      const stream = streamEvents({ url, fetch: deafFetch, signal })
      const waiting = stream.next()
      await stream.throw('mine').catch((error) => expect(error).toBe('mine'))
      await waiting
    },
    async () => {
      await using stream = streamChat({ url, fetch: deafFetch, signal })
      void stream.next()
    },
  ]
  for (const way of leave) {
    await way()
    expect(listeners(signal)).toBe(0)
  }
})
