import type { AnswerSnapshot } from 'chatwire/chat'
import { createStream } from 'chatwire/chat'
import { createStream as createCoreStream } from 'chatwire/chat/core'
import { plain } from 'chatwire/formats'
import { expect, test } from 'vitest'
import { url } from '../transport/feed.ts'
import { backend, settle } from './backend.ts'

test('an answer is told as it grows, from an empty beginning to its end', async () => {
  const server = backend()
  const answer = createStream({ url, fetch: server.fetch, notify: 'sync' })
  const told: AnswerSnapshot[] = []
  answer.subscribe((snapshot) => told.push(snapshot))
  expect(answer.get()).toEqual({ text: '', message: undefined, status: 'idle', error: undefined })
  expect(answer.getInitial()).toBe(answer.get())
  const started = answer.start({ json: { prompt: 'Hi' } })
  await settle()
  server.last().send([{ reasoning: 'Hm.' }])
  await settle()
  server.last().send([{ text: 'Hello' }])
  await settle()
  server.last().send(['[DONE]'])
  await started
  expect(told.map(({ status, text }) => [status, text])).toEqual([
    ['submitted', ''],
    ['streaming', ''],
    ['streaming', 'Hello'],
    ['idle', 'Hello'],
  ])
  expect(told.at(-1)).toBe(answer.get())
  expect(answer.get()).toBe(answer.get())
  expect(answer.get().message).toMatchObject({
    status: 'done',
    finishReason: 'stop',
    parts: [
      { type: 'reasoning', text: 'Hm.' },
      { type: 'text', text: 'Hello' },
    ],
  })
})

test('starting again stops the answer that is on its way and takes its place', async () => {
  const server = backend()
  const answer = createStream({ url, fetch: server.fetch, notify: 'sync' })
  const first = answer.start({ json: 1 })
  await settle()
  server.last().send([{ text: 'Hel' }])
  await settle()
  const second = answer.start({ json: 2 })
  expect(answer.get()).toMatchObject({ status: 'submitted', text: '' })
  await first
  await settle()
  expect(server.answers[0]?.cancels).toHaveLength(1)
  server.last().send([{ text: 'Hey' }, '[DONE]'])
  await second
  expect(answer.get()).toMatchObject({ status: 'idle', text: 'Hey' })
  expect(server.answers.map(({ calls }) => calls[0]?.init.body)).toEqual(['1', '2'])
})

test('of two starts at once the last is sent', async () => {
  const server = backend()
  const answer = createStream({ url, fetch: server.fetch })
  answer.start({ json: 1 })
  answer.start({ json: 2 })
  await settle()
  expect(server.answers.map(({ calls }) => calls[0]?.init.body)).toEqual(['2'])
  answer.stop()
  expect(answer.get()).toMatchObject({ status: 'idle', text: '' })
})

test('what is given at the start goes before the options; a failed start can be tried again', async () => {
  const server = backend()
  const answer = createCoreStream({ url, format: plain, json: { prompt: 'default' } })
  await answer.start({ fetch: () => Promise.reject(new TypeError('offline')) })
  expect(answer.get()).toMatchObject({ status: 'error', error: { code: 'network' } })
  const started = answer.start({ fetch: server.fetch, json: { prompt: 'other' } })
  await settle()
  expect(server.last().calls[0]?.init.body).toBe('{"prompt":"other"}')
  server.last().send([{ text: 'Hello' }, '[DONE]'])
  await started
  expect(answer.get()).toMatchObject({ status: 'idle', text: 'Hello', error: undefined })
})
