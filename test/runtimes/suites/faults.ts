import { type ChatEvent, type ChatInit, streamChat } from 'chatwire'
import { doneOf, run } from '../../helpers/run.ts'
import { brief } from '../../transport/brief.ts'
import { equal, includes, matches, ok } from '../assert.ts'
import { type Suite, until, wait } from '../check.ts'
import { observe, type Server } from '../scenario.ts'

const lost = ['text Hi', 'error network', 'done error: Hi']

/**
 * What a network does to an answer. Where the engines differ in what they notice (WebKit takes a
 * body without its last chunk for a whole one) the code of the error may; that it is an error, and
 * what came before it, may not.
 */
export function faultSuite(server: Server): Suite {
  return {
    name: 'faults',
    register(check) {
      /** Reads an answer; lets the server go on once the text is there. */
      const read = (path: string, init: ChatInit = {}): Promise<ChatEvent[]> => {
        const scenario = server.at(path)
        return observe(scenario, init, ({ type }) =>
          type === 'text' ? scenario.proceed() : undefined,
        )
      }
      const expect = (name: string, path: string, lines: string[], init: ChatInit = {}): void =>
        check(name, async () => equal(brief(await read(path, init)), lines))

      expect('one byte every few milliseconds is no silence', '/slow-loris', [
        'text é\r\n👋',
        'done stop: é\r\n👋',
      ])
      expect('a BOM and CRLF, cut everywhere, change nothing', '/bom-crlf', [
        'text Hi',
        'reasoning Hm',
        'done stop: Hi',
      ])
      expect('gzip is taken off', '/gzip', ['text Hi', 'reasoning Hm', 'done stop: Hi'])

      check('an event of megabytes comes whole', async () => {
        const { text } = doneOf(await observe(server.at('/big-event')))
        equal(text.length, 2 * 1024 * 1024)
        ok(/^x+$/.test(text), 'it is the text that was sent')
      })

      expect('a reset before the headers is a network error', '/reset-before-headers', [
        'error network',
        'done error: ',
      ])
      expect('an end before the headers is a network error', '/end-before-headers', [
        'error network',
        'done error: ',
      ])
      expect('a reset between two chunks keeps the text before it', '/reset', lost)
      expect('a reset inside a chunk lets out no part of a frame', '/reset-in-chunk', lost)
      expect('a reset inside a character lets out no half of it', '/reset-in-character', lost)
      expect('a reset between CR and LF keeps the frame before it', '/reset-in-crlf', lost)
      expect('a reset after the finish reason ends with that reason', '/reset-after-reason', [
        'text Hi',
        'done length: Hi',
      ])

      check('a port that nobody listens on is a network error with its cause', async () => {
        const { error } = doneOf(await run(streamChat({ url: await server.closedUrl() })))
        includes(error, { code: 'network', retryable: true })
        ok(error?.cause instanceof Error, 'the cause is an error')
      })

      check('a reset while events wait unread delivers all of them first', async () => {
        let frames = 0
        let seen = 0
        const scenario = server.at('/four-then-reset')
        const onFrame = (): void => {
          frames += 1
        }
        const events = await observe(scenario, { onFrame }, async () => {
          seen += 1
          if (seen > 1) return
          await until(() => frames === 4)
          await scenario.proceed()
          await wait(200)
        })
        equal(brief(events), [
          'text Hi',
          'reasoning Hm',
          'text  there',
          'error network',
          'done error: Hi there',
        ])
      })

      const early = {
        'without the last chunk': '/no-last-chunk',
        'inside a chunk': '/end-in-chunk',
        'with a bad chunk size': '/bad-chunk-size',
        'before its Content-Length': '/short-body',
        'of a body that the end of the connection delimits': '/close-delimited-cut',
        'in the middle of gzip': '/gzip-cut',
      }
      for (const [name, path] of Object.entries(early)) {
        check(`an end ${name} is an error, after the text before it`, async () => {
          const events = await read(path)
          const { text, error } = doneOf(events)
          matches(error?.code, /^(?:network|truncated)$/, 'the code')
          // An engine may drop what it had not taken out of the gzip yet.
          if (path === '/gzip-cut') ok('Hi'.startsWith(text), 'no text was made up')
          else equal(text, 'Hi')
        })
      }

      const clocks: [path: string, phase: string, init: ChatInit, text: string][] = [
        ['/silence', 'response', { timeout: { response: 150 } }, ''],
        ['/stall', 'idle', { timeout: { idle: 500 } }, 'Hello, '],
        ['/keepalives', 'content', { timeout: { idle: 2000, content: 500 } }, 'Hi'],
      ]
      for (const [path, phase, init, text] of clocks) {
        check(`${path} is a timeout of phase ${phase}`, async () => {
          const done = doneOf(await observe(server.at(path), init))
          includes(done.error, { code: 'timeout', phase })
          equal(done.text, text)
        })
      }

      check('headers without a body are a timeout', async () => {
        const timeout = { response: 200, idle: 150 }
        const { error } = doneOf(await observe(server.at('/headers-only'), { timeout }))
        // For Firefox (153) the headers have come when the first byte of the body has.
        includes(error, { code: 'timeout' })
        matches(error?.phase, /^(?:response|idle)$/, 'the phase')
      })

      expect('[DONE] is the end, though the connection stays open', '/done-then-open', [
        'text Hi',
        'done stop: Hi',
      ])
      expect('[DONE] is the end, though the server writes on', '/done-then-endless', [
        'text Hi',
        'done stop: Hi',
      ])
      expect(
        'an error in the stream ends it, though the connection stays open',
        '/error-then-open',
        ['text Hi', 'error provider', 'done error: Hi'],
      )
      expect('a frame that is no JSON ends it', '/no-json-then-open', [
        'text Hi',
        'error malformed',
        'done error: Hi',
      ])
      expect(
        'an event beyond maxEventSize ends it',
        '/endless-event',
        ['text Hi', 'error too-large', 'done error: Hi'],
        { maxEventSize: 100_000 },
      )
    },
  }
}
