import { sse, utf8 } from '../../helpers/encode.ts'
import { sourceOf } from '../../helpers/stream.ts'
import { failed, lost, type Scenario } from '../harness.ts'
import { answer } from '../secrets.ts'
import { eventStream, nobody } from '../serve.ts'

const said = utf8(sse([{ text: answer }]))
const done = utf8(sse(['[DONE]']))
const whole = [`text ${answer}`, `done stop: ${answer}`]
const timeout = { response: 200, idle: 200 }

/** Whatever a fetch of the caller's may do; types are what it breaks first. */
const fetching = (result: () => unknown): typeof fetch => result as typeof fetch

const responding = (body: () => unknown): typeof fetch =>
  fetching(async () => ({
    status: 200,
    headers: new Headers(eventStream),
    bodyUsed: false,
    body: body(),
  }))

const usedResponse = async (): Promise<Response> => {
  const response = new Response('x', { headers: eventStream })
  await response.text()
  return response
}

const lockedResponse = async (): Promise<Response> => {
  const response = new Response('x', { headers: eventStream })
  response.body?.getReader()
  return response
}

/** A body that is read and cancelled as given. */
const reading = (read: () => unknown, cancel: () => unknown = () => undefined): typeof fetch =>
  responding(() => ({ getReader: () => ({ read, cancel }) }))

/** Gives the first words, then what `next` gives. */
const afterWords = (next: () => unknown, cancel: () => unknown = () => undefined): typeof fetch =>
  responding(() => {
    const first = [Promise.resolve({ done: false, value: said })]
    return { getReader: () => ({ read: () => first.pop() ?? next(), cancel }) }
  })

/** Gives a body that is an async iterable of chunks, whatever they are. */
const chunks = (parts: readonly unknown[]): typeof fetch =>
  responding(async function* () {
    yield* parts
  })

const never = (): Promise<never> => new Promise(() => {})
const fails = (): never => {
  throw new Error('broken')
}
const rejects = (): Promise<never> => Promise.reject(new Error('broken'))

const rows: [string, typeof fetch, Scenario['expected']][] = [
  ['throws at once', fetching(fails), failed('network')],
  ['never settles, whatever its signal says', fetching(never), failed('timeout')],
  ['gives nothing', fetching(() => undefined), failed('callback')],
  ['gives a page', fetching(async () => '<p>'), failed('callback')],
  ['gives an object without headers', fetching(async () => ({ status: 200 })), failed('callback')],
  ['gives a response that was read', fetching(usedResponse), failed('callback')],
  ['gives a response that is locked', fetching(lockedResponse), failed('callback')],
  ['gives a body that is null', responding(() => null), failed('truncated')],
  ['gives a body that is missing', responding(() => undefined), failed('callback')],
  ['gives a body that is text', responding(() => 'data: x\n\n'), failed('callback')],
  ['gives a body that was made by hand', responding(() => sourceOf([said, done]).stream), whole],
  [
    'gives a body whose reader cannot be had',
    responding(() => ({ getReader: fails })),
    failed('network'),
  ],
  ['gives a body that never comes', reading(never), failed('timeout')],
  ['gives a body that cannot be read', reading(fails), failed('network')],
  ['gives a body that throws later', afterWords(fails), lost('network')],
  ['gives reads that are nothing', afterWords(async () => undefined), lost('network')],
  ['gives a body that rejects later', afterWords(rejects), lost('network')],
  ['gives a body that stalls and whose cancel does too', afterWords(never, never), lost('timeout')],
  ['gives a body that stalls and whose cancel throws', afterWords(never, fails), lost('timeout')],
  [
    'gives a body that stalls and whose cancel rejects',
    afterWords(never, rejects),
    lost('timeout'),
  ],
  ['gives chunks that are nothing', afterWords(async () => ({ done: false })), lost('callback')],
  ['gives chunks that are numbers', afterWords(async () => ({ value: 1 })), lost('callback')],
  ['gives empty chunks between others', chunks([said, new Uint8Array(), done]), whole],
  ['gives chunks of text', chunks([sse([{ text: answer }]), sse(['[DONE]'])]), whole],
  ['gives chunks of other views', chunks([new DataView(said.slice().buffer), done]), whole],
  ['gives chunks of bare buffers', chunks([said.slice().buffer, done]), whole],
]

/** A fetch of the caller's, which may be wrong in any way: the stream ends all the same. */
export const injected: readonly Scenario[] = rows.map(([rule, fetch, expected]) => ({
  rule,
  serve: nobody,
  init: { fetch, timeout },
  expected,
  requests: 0,
}))
