import { readChat, readEvents } from 'chatwire'
import { describe, expect, test } from 'vitest'
import { sse } from '../helpers/encode.ts'

const KiB = 1024
const chunk = sse([{ text: 'x'.repeat(50) }]).repeat(1000)
const count = 128

/** A body whose chunks are all there already, so that reading them never waits for anything. */
const bodies: Record<string, () => AsyncIterable<string> | ReadableStream<Uint8Array>> = {
  async *'an iterable'() {
    for (let index = 0; index < count; index++) yield chunk
  },
  'a web stream': () =>
    new ReadableStream<Uint8Array>({
      start(controller) {
        const bytes = new TextEncoder().encode(chunk)
        for (let index = 0; index < count; index++) controller.enqueue(bytes)
        controller.close()
      },
    }),
}

const readers = { readChat, readEvents }

describe('while a body is read that is all there already, others get their turn', () => {
  for (const [kind, body] of Object.entries(bodies)) {
    for (const [name, read] of Object.entries(readers)) {
      test(`for each megabyte of ${kind}, by ${name}`, async () => {
        let turns = 0
        let isOver = false
        const tick = (): void => {
          turns++
          if (!isOver) setImmediate(tick)
        }
        setImmediate(tick)
        for await (const _ of read(body()));
        isOver = true
        expect(turns).toBeGreaterThan((count * chunk.length) / (KiB * KiB))
      })
    }
  }
})
