import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import type { ChatEvent } from 'chatwire'
import { sse } from '../../helpers/encode.ts'
import { run } from '../../helpers/run.ts'
import type { Scenario } from '../harness.ts'
import { answer } from '../secrets.ts'
import { ends, floods, silent, stalls } from '../serve.ts'
import { arrived, atOnce, packet } from './reading.ts'

const said = sse([{ text: answer }])
const whole = [`text ${answer}`, `done stop: ${answer}`]
const aborted = [`text ${answer}`, `done aborted: ${answer}`]

const reasons: Record<string, unknown> = {
  'no reason': undefined,
  'an Error': new Error('stop'),
  'a string': 'stop',
  null: null,
  'an AbortError': new DOMException('stop', 'AbortError'),
  'a TimeoutError of somebody else': Object.assign(new Error('late'), { name: 'TimeoutError' }),
}

type When = Pick<Scenario, 'serve' | 'read' | 'expected' | 'requests'>

/** Each time at which an abort can come. */
const aborts = (reason: unknown): Record<string, When> => ({
  'before the call': {
    serve: stalls(said),
    async read(stream, abort) {
      abort.abort(reason)
      return run(stream)
    },
    expected: ['done aborted: '],
    requests: 0,
  },
  'before the headers': {
    serve: silent,
    async read(stream, abort, server) {
      const events = run(stream)
      await arrived(server)
      abort.abort(reason)
      return atOnce(() => events)
    },
    expected: ['done aborted: '],
  },
  'in the turn of the first next()': {
    serve: stalls(said),
    read(stream, abort) {
      const events = run(stream)
      abort.abort(reason)
      return atOnce(() => events)
    },
    expected: ['done aborted: '],
    requests: 0,
  },
  'while a read stalls': {
    serve: stalls(said, 'data: {"text":"never'),
    async read(stream, abort) {
      const first = await stream.next()
      const rest = run(stream)
      await wait(20)
      abort.abort(reason)
      return [first.value as ChatEvent, ...(await atOnce(() => rest))]
    },
    expected: aborted,
  },
  'in the loop body, with more in the same packet': {
    serve: packet,
    async read(stream, abort) {
      const events: ChatEvent[] = []
      for await (const event of stream) {
        events.push(event)
        abort.abort(reason)
        abort.abort('again')
      }
      return events
    },
    expected: [`text ${answer}`, `done aborted: ${answer}c`],
  },
  'in a microtask of an event': {
    serve: packet,
    async read(stream, abort) {
      const events: ChatEvent[] = []
      for (;;) {
        const next = stream.next()
        next.then(() => abort.abort(reason))
        const { done, value } = await next
        if (done) return events
        events.push(value)
      }
    },
    expected: [`text ${answer}`, `done aborted: ${answer}c`],
  },
  'while events wait to be taken': {
    serve: ends(said, sse([{ reasoning: 'b' }, '[DONE]'])),
    async read(stream, abort) {
      const first = await stream.next()
      await wait(50)
      abort.abort(reason)
      return [first.value as ChatEvent, ...(await run(stream))]
    },
    expected: aborted,
  },
  'while the server writes without end': {
    serve: floods(said, said.repeat(1000)),
    async read(stream, abort) {
      await stream.next()
      abort.abort(reason)
      const rest = await run(stream)
      assert.deepEqual(
        rest.map(({ type }) => type),
        ['done'],
      )
      return []
    },
    expected: [],
  },
  'after done': {
    serve: ends(said, sse(['[DONE]'])),
    async read(stream, abort) {
      const events = await run(stream)
      abort.abort(reason)
      return events
    },
    expected: whole,
  },
})

/** An abort, at any time and with any reason, is one `done` at once. */
export const aborting: readonly Scenario[] = Object.entries(reasons).flatMap(([name, reason]) =>
  Object.entries(aborts(reason)).map(([time, when]) => ({
    rule: `with ${name}, ${time}`,
    ...when,
  })),
)
