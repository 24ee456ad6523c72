import { sse } from '../../helpers/encode.ts'
import { lost, type Scenario } from '../harness.ts'
import { answer } from '../secrets.ts'
import { ends, floods, stalls } from '../serve.ts'

const said = sse([{ text: answer }])
const whole = [`text ${answer}`, `done stop: ${answer}`]
const done = sse(['[DONE]'])
const maxEventSize = 100_000

const excesses: [name: string, start: string, more: string][] = [
  ['a line without end', '', 'x'.repeat(10_000)],
  ['a data line without end', 'data: ', 'x'.repeat(10_000)],
  ['data lines without end', '', 'data: x\n'.repeat(1000)],
  ['a comment without end', ':', 'x'.repeat(10_000)],
  ['an id without end', 'id: ', 'x'.repeat(10_000)],
]

/** More than is taken, from a server that never ends. */
export const excess: readonly Scenario[] = [
  ...excesses.map(
    ([name, start, more]): Scenario => ({
      rule: `${name} is too large, and the connection is closed`,
      serve: floods(said + start, more),
      init: { maxEventSize },
      expected: lost('too-large'),
      error: { limit: maxEventSize },
    }),
  ),
  {
    rule: 'one line that is too large, in one write',
    serve: stalls(said, `data: ${'x'.repeat(2 * maxEventSize)}\n\n`),
    init: { maxEventSize },
    expected: lost('too-large'),
  },
]

const count = 100_000
const large = 'x'.repeat(4 * 1024 * 1024)

/** Much of what is allowed. */
export const plenty: readonly Scenario[] = [
  { rule: 'blank lines', serve: ends(said, '\n'.repeat(10 * count), done), expected: whole },
  { rule: 'lines of CR alone', serve: ends(said, '\r'.repeat(10 * count), done), expected: whole },
  { rule: 'comments', serve: ends(said, ':\n'.repeat(count), done), expected: whole },
  {
    rule: 'events without data',
    serve: ends(said, 'data\n\n'.repeat(count), done),
    expected: whole,
  },
  {
    rule: 'data lines of one event',
    serve: ends(said, `data: {"text":""\n${'data: \n'.repeat(count)}data: }\n\n`, done),
    expected: whole,
  },
  {
    rule: 'one event of 4 MiB',
    serve: ends(sse([{ text: large }]), done),
    expected: [`text ${large}`, `done stop: ${large}`],
    anyPieces: true,
  },
  {
    rule: 'lines that end in CR, 4 MiB of them',
    serve: ends(`data: {"text":"${answer}"}\r\r`, `: ${'x'.repeat(60)}\r\r`.repeat(65_536), done),
    expected: whole,
  },
  {
    rule: 'small pieces of text',
    serve: ends(sse([{ text: 'x' }]).repeat(count), done),
    expected: [`text ${'x'.repeat(count)}`, `done stop: ${'x'.repeat(count)}`],
    anyPieces: true,
  },
]
