import { setTimeout as wait } from 'node:timers/promises'
import { sse } from '../../helpers/encode.ts'
import { codes, type Http2Stream, http2Dispatcher, startHttp2 } from '../../helpers/http2.ts'
import { delta, finish } from '../../transport/feed.ts'
import { failed, lost, type Scenario } from '../harness.ts'
import { answer } from '../secrets.ts'
import type { Serve } from '../serve.ts'

const said = sse([delta(answer)])
const rest = sse([finish('stop'), '[DONE]'])
const dispatcher = await http2Dispatcher()

/** The url says https, for which alone fetch takes HTTP/2. */
const http2 =
  (respond: (stream: Http2Stream) => unknown): Serve =>
  async () => {
    const server = await startHttp2(respond)
    return { ...server, url: server.url.replace('http:', 'https:') }
  }

/** Begins an answer, lets it arrive, and goes on. */
const begins = (then: (stream: Http2Stream) => unknown): Serve =>
  http2(async (stream) => {
    stream.headers(200)
    stream.data(said)
    await wait(50)
    then(stream)
  })

const whole = [`text ${answer}`, `done stop: ${answer}`]

const rows: readonly Scenario[] = [
  {
    rule: 'a whole answer comes',
    serve: begins(({ data }) => data(rest, true)),
    expected: whole,
  },
  {
    rule: 'the end marker ends the answer, though the stream stays open',
    serve: begins(({ data }) => data(rest)),
    expected: whole,
  },
  {
    rule: 'the end of the stream without a marker is truncated',
    serve: begins(({ data }) => data('', true)),
    expected: lost('truncated'),
  },
  ...Object.entries(codes).map(
    ([name, code]): Scenario => ({
      rule: `a reset of the stream (${name}) in the middle is never taken for the end`,
      serve: begins(({ reset }) => reset(code)),
      expected: lost('network', 'truncated'),
    }),
  ),
  ...Object.entries(codes).map(
    ([name, code]): Scenario => ({
      rule: `a reset of the stream (${name}) before the headers is an error`,
      serve: http2(({ reset }) => reset(code)),
      expected: failed('network', 'truncated'),
    }),
  ),
  {
    rule: 'a connection that goes away and finishes the stream first gives all of it, or an error',
    serve: begins(async ({ goAway, data }) => {
      goAway(codes.noError, true)
      await wait(20)
      data(rest, true)
    }),
    expected: lost('network', 'truncated'),
  },
  {
    rule: 'a connection that goes away and counts the stream out is an error',
    serve: begins(({ goAway, socket }) => {
      goAway(codes.noError, false)
      socket.end()
    }),
    expected: lost('network', 'truncated'),
  },
  {
    rule: 'a connection that goes away for an error is an error',
    serve: begins(({ goAway, socket }) => {
      goAway(codes.internal, true)
      socket.end()
    }),
    expected: lost('network', 'truncated'),
  },
  {
    rule: 'a connection that ends is an error',
    serve: begins(({ socket }) => socket.end()),
    expected: lost('network', 'truncated'),
  },
  {
    rule: 'a connection that is reset is an error',
    serve: begins(({ socket }) => socket.resetAndDestroy()),
    expected: lost('network'),
  },
]

/** Over HTTP/2, with the global fetch. */
export const overHttp2: readonly Scenario[] = rows.map((row) => {
  const init: object = { dispatcher }
  return { ...row, init }
})
