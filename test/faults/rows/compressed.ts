import { setTimeout as wait } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { sse } from '../../helpers/encode.ts'
import { rawHead } from '../../helpers/server.ts'
import { delta, finish } from '../../transport/feed.ts'
import { failed, type Scenario } from '../harness.ts'
import { answer } from '../secrets.ts'
import { closes, head, tcp } from '../serve.ts'

const words = Array.from({ length: 400 }, (_, index) => `${(index * 7919) % 1000} `)
const text = words.join('')
const body = sse([...words.map(delta), finish('stop'), '[DONE]'])
const zipped = gzipSync(body)
const damaged = Uint8Array.from(zipped)
damaged.fill(0, -8, -4)

const gzip = (encoding = 'gzip'): string =>
  rawHead(`content-encoding: ${encoding}\r\nconnection: close`)

const isStart = (value: unknown): boolean =>
  typeof value === 'string' && value !== '' && text.startsWith(value)

/** Half a line of zeros as long as that, as small as gzip makes it. */
const zeros = gzipSync(
  Buffer.concat([
    Buffer.from(sse([{ text: answer }])),
    Buffer.from(': '),
    new Uint8Array(32 * 1024 * 1024),
  ]),
)

/** A compressed body, or one that says so. */
export const compressed: readonly Scenario[] = [
  {
    rule: 'is taken off',
    serve: closes(gzip(), zipped),
    expected: [`text ${text}`, `done stop: ${text}`],
    anyPieces: true,
  },
  {
    rule: 'five times over is taken off',
    serve: closes(
      gzip('gzip, gzip, gzip, gzip, gzip'),
      [1, 2, 3, 4].reduce<Uint8Array>((bytes) => gzipSync(bytes), gzipSync(sse(['[DONE]']))),
    ),
    expected: ['done stop: '],
  },
  {
    // Node's fetch throws where nobody can catch it if its signal is aborted after that.
    rule: 'more often than any server does is an error',
    serve: closes(gzip(Array.from({ length: 20 }, () => 'gzip').join()), zipped),
    expected: failed('network', 'truncated'),
  },
  {
    rule: 'cut in half is an error, also where the engine takes it for an end',
    serve: closes(gzip(), zipped.subarray(0, zipped.length / 2)),
    expected: [/^text /, /^error (?:network|truncated)$/, /^done error: /],
    anyPieces: true,
    done: { text: isStart },
  },
  {
    rule: 'whose check sum is wrong is an error, after the text before it',
    serve: tcp(async (socket) => {
      socket.write(gzip())
      socket.write(damaged.subarray(0, damaged.length / 2))
      await wait(30)
      socket.end(damaged.subarray(damaged.length / 2))
    }),
    expected: [/^text /, 'error network', /^done error: /],
    anyPieces: true,
    done: { text: isStart },
  },
  {
    rule: 'that is none is an error',
    serve: closes(gzip(), sse([{ text: answer }])),
    expected: failed('network'),
  },
  {
    rule: 'of a kind that nobody knows is read as it comes, and that is no answer',
    serve: closes(gzip('zip'), zipped),
    expected: failed('truncated'),
  },
  {
    rule: 'that makes a line without end out of little stops at maxEventSize',
    serve: closes(gzip(), zeros),
    init: { maxEventSize: 1024 * 1024 },
    expected: [`text ${answer}`, 'error too-large', `done error: ${answer}`],
    error: { limit: 1024 * 1024 },
  },
  {
    rule: 'of a body that says nothing of it is no answer either',
    serve: closes(head, `${zipped.length.toString(16)}\r\n`, zipped, '\r\n0\r\n\r\n'),
    expected: failed('truncated'),
  },
]
