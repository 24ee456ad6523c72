import type { BufferSpec } from 'chatwire'
import type { FormatName } from '../helpers/fixture.ts'
import { type Body, mutate, validBody } from './bodies.ts'
import type { Random } from './random.ts'

/** Everything that happens in one case; plain data, but for the bytes. */
export interface Plan {
  body: Body
  /** How many times the body was damaged. */
  mutations: number
  /** The lengths of its chunks. */
  cuts: number[]
  source: 'response' | 'stream' | 'bytes' | 'text' | 'fetch'
  /** What the source does after the last chunk. */
  ending: 'end' | 'error' | 'stall'
  /** Whether each chunk takes a turn of the event loop to come. */
  isSlow: boolean
  format: FormatName | undefined
  buffer: BufferSpec | undefined
  maxEventSize: number | undefined
  readAheadBytes: number | undefined
  requireEnd: boolean
  idleMs: number | undefined
  /** Whether `onFrame` is given. */
  isTapped: boolean
  /** At which frame it throws. */
  tapThrowsAt: number | undefined
  consumer: Consumer
  /** After how many events the consumer acts. */
  after: number
  /** Whether the consumer takes a turn of the event loop over each event. */
  isBusy: boolean
  /** How a stall is ended. */
  rescue: 'abort' | 'return'
}

/** `read`: to the end, in a loop. `eager`: with several calls of next() at a time. */
export type Consumer =
  | 'read'
  | 'eager'
  | 'break'
  | 'throw'
  | 'return'
  | 'abort'
  | 'abort-waiting'
  | 'aborted'

const formatNames: readonly [FormatName, ...FormatName[]] = [
  'plain',
  'rawText',
  'openaiChat',
  'openaiResponses',
  'anthropic',
  'gemini',
  'geminiInteractions',
  'aiSdk',
  'aiSdkData',
  'agui',
  'cohere',
  'ollama',
  'langgraph',
]

export function planOf(random: Random): Plan {
  const body = validBody(random)
  const mutations = random.chance(0.4) ? 0 : 1 + random.below(4)
  for (let count = 0; count < mutations; count++) body.bytes = mutate(body.bytes, random)
  if (random.chance(0.15)) {
    body.contentType = random.pick([
      'text/event-stream',
      'application/json',
      'application/x-ndjson',
      'text/plain',
      'application/octet-stream',
      'text/html',
      undefined,
    ])
    delete body.expect
  }
  if (mutations > 0) delete body.expect
  const own = body.sniffed ? undefined : body.format
  return {
    body,
    mutations,
    cuts: cutsOf(body.bytes.length, random),
    source: random.pick(['response', 'response', 'stream', 'bytes', 'text', 'fetch', 'fetch']),
    ending: random.weighted([
      [8, 'end'],
      [1, 'error'],
      [1, 'stall'],
    ]),
    isSlow: random.chance(0.1),
    format: random.weighted([
      [8, own],
      [4, body.format],
      [1, random.pick(formatNames)],
    ]),
    buffer: bufferOf(random),
    maxEventSize: random.chance(0.1) ? 1 + random.below(600) : undefined,
    readAheadBytes: random.chance(0.4) ? random.pick([0, 1, 64, 1000]) : undefined,
    requireEnd: random.chance(0.1),
    idleMs: random.chance(0.002) ? 20 : undefined,
    isTapped: random.chance(0.5),
    tapThrowsAt: random.chance(0.02) ? 1 + random.below(5) : undefined,
    consumer: random.weighted<Consumer>([
      [10, 'read'],
      [2, 'eager'],
      [1, 'break'],
      [1, 'throw'],
      [1, 'return'],
      [1, 'abort'],
      [1, 'abort-waiting'],
      [0.2, 'aborted'],
    ]),
    after: random.below(6),
    isBusy: random.chance(0.1),
    rescue: random.pick(['abort', 'return']),
  }
}

function bufferOf(random: Random): BufferSpec | undefined {
  return random.weighted<BufferSpec | undefined>([
    [6, undefined],
    [1, 'word'],
    [1, 'line'],
    [1, 1 + random.below(20)],
    [1, { unit: 'word', locale: 'ja', maxHoldLength: 1 + random.below(30) }],
  ])
}

/** A source that says no more and no less about the body. */
function likeSource({ source, ending }: Plan, random: Random): Plan['source'] {
  if (source === 'response' || source === 'fetch') return random.pick(['response', 'fetch'])
  if (ending !== 'error') return random.pick(['stream', 'bytes', 'text'])
  // Half a character before a break is text, once it has been decoded; bytes are none.
  return source === 'text' ? 'text' : random.pick(['stream', 'bytes'])
}

/** The same body, read to its end, with everything different that must make no difference. */
export function otherWay(plan: Plan, random: Random): Plan {
  return {
    ...plan,
    cuts: cutsOf(plan.body.bytes.length, random),
    source: likeSource(plan, random),
    isSlow: random.chance(0.1),
    isTapped: random.chance(0.5),
    buffer: bufferOf(random),
    readAheadBytes: random.chance(0.4) ? random.pick([0, 1, 64, 1000]) : undefined,
    consumer: random.pick(['read', 'eager']),
    isBusy: random.chance(0.1),
  }
}

/** The lengths of random chunks, empty ones among them, that add up to `length`. */
function cutsOf(length: number, random: Random): number[] {
  const most = random.weighted([
    [2, length],
    [1, 1],
    [2, 3],
    [3, 40],
    [2, 300],
  ])
  const cuts: number[] = []
  for (let left = length; left > 0; ) {
    const cut = random.chance(0.02) ? 0 : Math.min(left, 1 + random.below(most))
    cuts.push(cut)
    left -= cut
  }
  return cuts
}
