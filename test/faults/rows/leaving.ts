import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import type { ChatEvent, ChatStream } from 'chatwire'
import { sse } from '../../helpers/encode.ts'
import { run } from '../../helpers/run.ts'
import type { Scenario } from '../harness.ts'
import { answer } from '../secrets.ts'
import { drips, ends, floods, type Serve, silent, stalls, tcp } from '../serve.ts'
import { arrived, atOnce, packet } from './reading.ts'

const said = sse([{ text: answer }])
const whole = [`text ${answer}`, `done stop: ${answer}`]
const over = { done: true, value: undefined }

/** Leaves a stream on which a `next()` waits. */
const leaving =
  (
    leave: (stream: ChatStream) => Promise<unknown>,
    isAnswered = true,
  ): NonNullable<Scenario['read']> =>
  async (stream, _abort, server) => {
    if (isAnswered) await stream.next()
    const waiting = stream.next()
    await arrived(server)
    await wait(20)
    await atOnce(() => leave(stream))
    assert.deepEqual(await waiting, over)
    return []
  }

const ways: Record<string, (stream: ChatStream) => Promise<unknown>> = {
  'return()': async (stream) => assert.deepEqual(await stream.return(), over),
  'throw()': (stream) => assert.rejects(stream.throw('mine'), (error) => error === 'mine'),
  'the end of an await using block': async (stream) => {
    await using _ = stream
  },
}

const left: readonly Scenario[] = Object.entries(ways).flatMap(([way, leave]) => [
  {
    rule: `by ${way} during a read that stalls`,
    serve: stalls(said),
    read: leaving(leave),
    expected: [],
  },
  {
    rule: `by ${way} before the headers`,
    serve: silent,
    read: leaving(leave, false),
    expected: [],
  },
  {
    rule: `by ${way} while the body of a refusal is read`,
    serve: tcp((socket) => socket.write('HTTP/1.1 500 No\r\ncontent-length: 9\r\n\r\nno')),
    read: leaving(leave, false),
    expected: [],
  },
  {
    rule: `by ${way} before the first next() sends no request`,
    serve: stalls(said),
    async read(stream: ChatStream) {
      await atOnce(() => leave(stream))
      await wait(20)
      return []
    },
    expected: [],
    requests: 0,
  },
  {
    rule: `by ${way} in the turn of the first next()`,
    serve: stalls(said),
    async read(stream: ChatStream) {
      const waiting = stream.next()
      await atOnce(() => leave(stream))
      assert.deepEqual(await waiting, over)
      await wait(20)
      return []
    },
    expected: [],
    requests: 0,
  },
  {
    rule: `by ${way} after done`,
    serve: ends(said, sse(['[DONE]'])),
    async read(stream: ChatStream) {
      const events = await run(stream)
      await leave(stream)
      return events
    },
    expected: whole,
  },
])

const isLeft = (serve: Serve): Omit<Scenario, 'rule'> => ({
  serve,
  act: () => 'leave',
  expected: [`text ${answer}`],
})

/** Leaving a stream, in any way, ends it at once and closes the connection. */
export const leavings: readonly Scenario[] = [
  ...left,
  { rule: 'by break while the server stalls', ...isLeft(stalls(said)) },
  { rule: 'by break with more in the same packet', ...isLeft(packet) },
  {
    rule: 'by break while the server writes without end',
    serve: floods('', sse([{ text: 'x' }]).repeat(100)),
    act: () => 'leave',
    expected: [/^text x+$/],
  },
  {
    rule: 'by throwing in the loop',
    serve: stalls(said),
    async read(stream) {
      const events: ChatEvent[] = []
      const loop = async (): Promise<void> => {
        for await (const event of stream) {
          events.push(event)
          throw new Error('in the loop')
        }
      }
      await assert.rejects(loop(), /in the loop/)
      return events
    },
    expected: [`text ${answer}`],
  },
  {
    rule: 'not at all, but never reading it, sends no request',
    serve: stalls(said),
    async read(stream, _abort, server) {
      stream[Symbol.asyncIterator]()
      await wait(50)
      assert.equal(server.sockets(), 0)
      await stream.return()
      return []
    },
    expected: [],
    requests: 0,
  },
]

/** More than one consumer. */
export const consumers: readonly Scenario[] = [
  {
    rule: 'several calls of next() at once give the events in order, then the end',
    serve: drips(5, [said, sse([{ reasoning: 'b' }]), sse([{ text: 'c' }]), sse(['[DONE]'])]),
    async read(stream) {
      const results = await Promise.all(Array.from({ length: 10 }, () => stream.next()))
      return results.flatMap(({ done, value }) => (done ? [] : [value]))
    },
    expected: [`text ${answer}`, 'reasoning b', 'text c', `done stop: ${answer}c`],
  },
  {
    rule: 'a second loop is a TypeError, and disturbs the first one as little as can be',
    serve: drips(20, [said, sse([{ reasoning: 'b' }]), sse(['[DONE]'])]),
    async read(stream) {
      const first = run(stream)
      await assert.rejects(run(stream), TypeError)
      return first
    },
    expected: [`text ${answer}`, 'reasoning b', `done stop: ${answer}`],
  },
  {
    rule: 'one that is slower than the server makes it wait',
    serve: floods(said, `: ${' '.repeat(64 * 1024)}\n\n`),
    init: { readAheadBytes: 256 * 1024, timeout: { idle: 100 } },
    async act() {
      await wait(300)
      return 'leave'
    },
    expected: [`text ${answer}`],
  },
]
