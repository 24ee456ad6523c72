import {
  type ChatEvent,
  collect,
  readChat,
  readEvents,
  streamChat,
  streamEvents,
  textOf,
} from 'chatwire'
import { checkPromises } from '../../helpers/run.ts'
import { brief, errorOf } from '../../transport/brief.ts'
import { watchedAbort } from '../../transport/feed.ts'
import { equal, includes, ok, thrownBy } from '../assert.ts'
import { type Suite, until, wait, within } from '../check.ts'
import { observe, type Scenario, type Server } from '../scenario.ts'

const over = { done: true, value: undefined }

/** Every way to leave a stream early: it is over at once, and its connection closed. */
export function leavingSuite(server: Server): Suite {
  return {
    name: 'leaving',
    register(check) {
      check('a stream that nobody reads sends no request', async () => {
        const scenario = server.at('/stall')
        streamChat({ url: scenario.url })
        streamChat({ url: scenario.url })[Symbol.asyncIterator]()
        await streamChat({ url: scenario.url }).return()
        streamEvents({ url: scenario.url })
        await wait(100)
        equal((await scenario.state()).requests, 0)
      })

      check('break', async () => {
        equal(brief(await observe(server.at('/stall'), {}, () => 'leave')), ['text Hello, '])
      })

      check('an error thrown in the loop', async () => {
        const scenario = server.at('/stall')
        const mine = new Error('in the loop')
        const thrown = await thrownBy(async () => {
          for await (const _ of streamChat({ url: scenario.url })) throw mine
        })
        ok(thrown === mine, 'it is the error that was thrown')
        await expectClosed(scenario)
      })

      check('return() during a read that stalls', async () => {
        const scenario = server.at('/stall')
        const stream = streamChat({ url: scenario.url })
        equal(await stream.next(), { done: false, value: { type: 'text', text: 'Hello, ' } })
        const waiting = stream.next()
        await wait(30)
        equal(await within(1000, () => stream.return()), over)
        equal(await within(1000, () => waiting), over)
        await expectClosed(scenario)
      })

      check('return() before the headers', async () => {
        const scenario = server.at('/silence')
        const stream = streamChat({ url: scenario.url })
        const waiting = stream.next()
        await wait(100)
        equal(await within(1000, () => stream.return()), over)
        equal(await within(1000, () => waiting), over)
        await expectClosed(scenario)
      })

      check('break while the server writes without end', async () => {
        let count = 0
        await observe(server.at('/endless'), {}, () => {
          count += 1
          return count === 3 ? 'leave' : undefined
        })
        equal(count, 3)
      })

      check('return() of what readChat and readEvents were given', async () => {
        for (const read of [readChat, readEvents]) {
          // Not on a stall: Firefox (153) closes a body that was cancelled, while its request was
          // not aborted, when the next byte comes.
          const unread = server.at('/keepalives')
          await read(await fetch(unread.url)).return()
          await expectClosed(unread)
          const begun = server.at('/keepalives')
          for await (const _ of read(await fetch(begun.url))) break
          await expectClosed(begun)
        }
      })

      check('break out of textOf', async () => {
        const scenario = server.at('/stall')
        for await (const text of textOf(streamChat({ url: scenario.url }))) {
          equal(text, 'Hello, ')
          break
        }
        await expectClosed(scenario)
      })

      check('asyncDispose, where there is one', async () => {
        if (typeof Symbol.asyncDispose !== 'symbol') return
        const scenario = server.at('/stall')
        const stream = streamChat({ url: scenario.url })
        await stream.next()
        await stream[Symbol.asyncDispose]()
        equal(await stream.next(), over)
        await expectClosed(scenario)
      })

      for (const [name, reason] of Object.entries({
        'no reason': undefined,
        'an Error': new Error('stop'),
        'a string': 'stop',
      })) {
        check(`abort with ${name} during a stall`, async () => {
          const events = await observe(server.at('/stall'), {}, (event, abort) => {
            if (event.type === 'text') setTimeout(() => abort.abort(reason), 30)
          })
          equal(brief(events), ['text Hello, ', 'done aborted: Hello, '])
        })

        check(`abort with ${name} before the headers`, async () => {
          const scenario = server.at('/silence')
          const abort = new AbortController()
          setTimeout(() => abort.abort(reason), 100)
          const events = await observe(scenario, { signal: abort.signal })
          equal(brief(events), ['done aborted: '])
        })
      }

      check('abort in the loop body, of three events that came together', async () => {
        const events = await observe(server.at('/three-events'), {}, (event, abort) => {
          if (event.type === 'text') abort.abort()
        })
        equal(brief(events), ['text a', 'done aborted: ac'])
      })

      check('a signal that is aborted already sends no request', async () => {
        const scenario = server.at('/stall')
        const events = await collect(streamChat({ url: scenario.url, signal: AbortSignal.abort() }))
        includes(events, { finishReason: 'aborted', text: '' })
        equal((await scenario.state()).requests, 0)
      })

      check('AbortSignal.timeout() is a timeout that keeps the text', async () => {
        // Long enough for the preflight, the request and the text on a busy machine.
        const events = await observe(server.at('/stall'), { signal: AbortSignal.timeout(2000) })
        equal(brief(events), ['text Hello, ', 'error timeout', 'done error: Hello, '])
        includes(errorOf(events), { code: 'timeout', phase: 'signal' })
      })

      check('an abort of raw events throws its reason', async () => {
        const scenario = server.at('/stall')
        const abort = new AbortController()
        const reason = new Error('stop')
        const thrown = await thrownBy(async () => {
          const events = streamEvents({ url: scenario.url, signal: abort.signal })
          for await (const _ of events) setTimeout(() => abort.abort(reason), 20)
        })
        ok(thrown === reason, 'it is the reason')
        await expectClosed(scenario)
      })

      check('many streams on one signal leave no listener', async () => {
        const abort = watchedAbort()
        const { signal } = abort
        const streams = Array.from({ length: 30 }, () => server.at('/three-events').url)
        const results = await Promise.all(
          streams.map(async (url) => {
            const events: ChatEvent[] = []
            for await (const event of streamChat({ url, signal })) events.push(event)
            checkPromises(events)
            return brief(events)
          }),
        )
        for (const lines of results) {
          equal(lines, ['text a', 'reasoning b', 'text c', 'done stop: ac'])
        }
        equal(abort.added(), 30)
        equal(abort.listeners(), 0)
      })

      check(
        'no more is read ahead of a busy consumer than readAheadBytes and a chunk',
        async () => {
          // Not told by what the server could write: browsers take in much that nobody reads.
          let read = 0
          let largest = 0
          const counting: typeof fetch = async (...args) => {
            const { body, headers } = await fetch(...args)
            const reader = body?.getReader()
            return new Response(
              new ReadableStream(
                {
                  async pull(controller) {
                    const { value = new Uint8Array() } = (await reader?.read()) ?? {}
                    read += value.length
                    largest = Math.max(largest, value.length)
                    controller.enqueue(value)
                  },
                  cancel: (reason) => reader?.cancel(reason),
                },
                { highWaterMark: 0 },
              ),
              { headers },
            )
          }
          const readAheadBytes = 64 * 1024
          const init = { readAheadBytes, fetch: counting }
          await observe(server.at('/endless'), init, async () => {
            // Some of what is read ahead may be here already.
            const before = read
            await until(() => read >= readAheadBytes)
            await wait(200)
            const ahead = read - before
            ok(
              ahead < readAheadBytes + largest,
              `${ahead} bytes were read, up to ${largest} at once`,
            )
            return 'leave'
          })
        },
      )
    },
  }
}

async function expectClosed(scenario: Scenario): Promise<void> {
  const { requests, closed } = await scenario.state()
  equal({ requests, closed }, { requests: 1, closed: true }, 'what the server saw')
}
