import { setFlagsFromString } from 'node:v8'
import { runInNewContext, runInThisContext } from 'node:vm'
import { readChat } from 'chatwire'
import { expect, test } from 'vitest'

setFlagsFromString('--expose-gc')
setFlagsFromString('--allow-natives-syntax')
const collect: (options: { type: 'minor' }) => void = runInNewContext('gc')
// Asked in this way because a WeakRef keeps what it points to in a small collection.
const sizeOf: (set: WeakSet<object>) => number = runInThisContext(
  '(set) => %GetWeakCollectionSize(set)',
)

async function* body(): AsyncGenerator<string> {
  yield 'data: {"text":"Hello"}\n\n'
  yield 'data: [DONE]\n\n'
}

test('a finished answer goes with the next small collection, and need not wait for a full one', async () => {
  const streams = new WeakSet()
  let kept: object | undefined
  for (let i = 0; i < 20; i++) {
    const stream = readChat(body())
    kept ??= stream
    streams.add(stream)
    const types: string[] = []
    for await (const event of stream) types.push(event.type)
    expect(types).toEqual(['text', 'done'])
  }
  await new Promise((resolve) => setImmediate(resolve))
  collect({ type: 'minor' })
  expect(kept !== undefined && streams.has(kept)).toBe(true)
  expect(sizeOf(streams)).toBeGreaterThan(0)
  // One may have been in use when another collection came.
  expect(sizeOf(streams)).toBeLessThan(5)
})
