import { performance } from 'node:perf_hooks'
import { type BufferSpec, createTextBuffer } from 'chatwire'
import { expect, test } from 'vitest'

const text = 'abcdefghij'.repeat(10_000)

/** How long the text takes in deltas of two characters, in milliseconds. */
function time(spec: BufferSpec): number {
  const buffer = createTextBuffer(spec)
  let length = 0
  const start = performance.now()
  for (let at = 0; at < text.length; at += 2) length += buffer.push(text.slice(at, at + 2)).length
  length += buffer.flush().length
  const ms = performance.now() - start
  expect(length).toBe(text.length)
  return ms
}

for (const spec of ['word', 'line', 5] as const) {
  test(`100,000 characters without a space, in deltas of two, take less than 200 ms, by ${spec}`, () => {
    // The best of three, so that a busy machine does not count.
    expect(Math.min(time(spec), time(spec), time(spec))).toBeLessThan(200)
  })
}
