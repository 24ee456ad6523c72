import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import {
  type ChatEvent,
  type ChatInit,
  type ChatStream,
  isChatError,
  streamChat,
  streamEvents,
} from 'chatwire'
import { checkPromises, runOrLeave } from '../helpers/run.ts'
import type { TestServer } from '../helpers/server.ts'
import { brief } from '../transport/brief.ts'
import { checkError } from './evidence.ts'
import { answer, secrets } from './secrets.ts'
import { ownTimers } from './timers.ts'

/** One event, as `brief` writes it. */
type Line = string | RegExp

/** One way in which things go wrong, and what the consumer must see of it. */
export interface Scenario {
  /** The rule, in plain words. */
  rule: string
  serve(): Promise<TestServer>
  init?: Omit<ChatInit, 'url'>
  /** Where the request goes, if not to the server. */
  url?: string
  /** What the consumer does when an event comes; `'leave'` breaks the loop. */
  act?(event: ChatEvent, abort: AbortController): unknown
  /** How the stream is consumed, if not in a loop until its end. */
  read?(stream: ChatStream, abort: AbortController, server: TestServer): Promise<ChatEvent[]>
  /** The events as `brief` writes them; expressions where engines differ. */
  expected: readonly Line[]
  /** The text may come in any pieces: they are joined before they are compared. */
  anyPieces?: boolean
  /** Fields of the error; a regular expression must match, a function must return `true`. */
  error?: Record<string, unknown>
  /** Fields of `done`, likewise. */
  done?: Record<string, unknown>
  /** How many requests the server gets; 1 by default. */
  requests?: number
  /** Further checks, once the stream is over. */
  check?(events: readonly ChatEvent[]): void
}

/** What comes of a failure after the answer's first words. */
export const lost = (...codes: string[]): Line[] => [
  `text ${answer}`,
  errorLine(codes),
  `done error: ${answer}`,
]

/** What comes of a failure before any words. */
export const failed = (...codes: string[]): Line[] => [errorLine(codes), 'done error: ']

/** An error of that code, or of one of several where engines differ. */
function errorLine(codes: readonly string[]): Line {
  return codes.length === 1 ? `error ${codes[0]}` : new RegExp(`^error (?:${codes.join('|')})$`)
}

/**
 * Plays a scenario and checks the promises that hold for every stream: the events and their order,
 * one `done` at the end and at most one error before it, the error's evidence, no secret in it, the
 * connection closed within a second as the server sees it, no listener on the caller's signal, no
 * timer, and every further call harmless.
 */
export async function play(scenario: Scenario, extra: Partial<ChatInit> = {}): Promise<void> {
  const { rule, serve, init, expected, requests = 1 } = scenario
  const server = await serve()
  try {
    const abort = new AbortController()
    const signal = init?.signal ?? abort.signal
    const url = `${scenario.url ?? server.url}?token=${secrets.query}`
    const request = { url, json: secrets.json, headers: secrets.headers, signal }
    const { timers, result } = ownTimers(() => {
      const stream = streamChat({ ...request, ...init, ...extra })
      const read = scenario.read ?? readAll(scenario.act)
      return { stream, events: read(stream, abort, server) }
    })
    const { stream } = result
    const events = await result.events
    await server.allClosed()
    await turn()
    assert.deepEqual(timers(), [], 'no timer is left')
    assert.deepEqual(getEventListeners(signal, 'abort'), [], 'no listener is left')
    assert.equal(server.requests(), requests, 'the number of requests')
    const seen = brief(scenario.anyPieces || extra.buffer ? joined(events) : events)
    const differs = (line: string, index: number): boolean => !isLike(line, expected[index])
    if (seen.length !== expected.length || seen.some(differs)) assert.deepEqual(seen, expected)
    check(scenario, events)
    await tearDownAgain(stream, abort)
    assert.equal(server.requests(), requests, 'the number of requests, later')
  } catch (failure) {
    if (failure instanceof Error) failure.message = `${rule}: ${failure.message}`
    throw failure
  } finally {
    await server.close()
  }
}

function readAll(act: Scenario['act'] = () => undefined): NonNullable<Scenario['read']> {
  return async (stream, abort) => (await runOrLeave(stream, (event) => act(event, abort))).events
}

function isLike(line: string, wanted: Line | undefined): boolean {
  return wanted instanceof RegExp ? wanted.test(line) : wanted === line
}

/** Text in as few events as can be. */
function joined(events: readonly ChatEvent[]): ChatEvent[] {
  const result: ChatEvent[] = []
  for (const event of events) {
    const last = result.at(-1)
    if (last?.type === 'text' && event.type === 'text') {
      result.splice(-1, 1, { ...last, text: last.text + event.text })
    } else result.push(event)
  }
  return result
}

function check(scenario: Scenario, events: readonly ChatEvent[]): void {
  const last = events.at(-1)
  const isLeft = last?.type !== 'done'
  if (!isLeft) checkPromises(events)
  const error = events.flatMap((event) => (event.type === 'error' ? [event.error] : []))[0]
  if (scenario.error) assert.ok(error, 'there is an error')
  if (error !== undefined) {
    match({ ...error, cause: error.cause, message: error.message }, scenario.error)
  }
  if (scenario.done) match({ ...last }, scenario.done)
  scenario.check?.(events)
  if (error !== undefined) checkError(error)
}

/** Whether the fields are as wanted. */
function match(fields: Record<string, unknown>, wanted: Record<string, unknown> = {}): void {
  for (const [name, value] of Object.entries(wanted)) {
    const field = fields[name]
    if (value instanceof RegExp) assert.match(String(field), value, name)
    else if (typeof value === 'function') assert.ok(value(field), `${name} is ${String(field)}`)
    else assert.deepEqual(field, value, name)
  }
}

/** The codes of a stream that knows no chat. */
const rawCodes = ['http', 'content-type', 'network', 'timeout', 'too-large', 'callback']

/**
 * Plays the same to `streamEvents`, which knows no end marker and throws: whatever it makes of it, it
 * ends or throws one documented error, and leaves nothing behind.
 */
export async function playRaw({ rule, serve, init, url }: Scenario): Promise<void> {
  const server = await serve()
  const abort = new AbortController()
  const { signal } = abort
  // Some answers have no end but the marker, and some no event.
  const deadline = setTimeout(() => abort.abort('deadline'), 800)
  try {
    const { timers, result } = ownTimers(async () => {
      const timeout = { response: 400, idle: 400 }
      const target = `${url ?? server.url}?token=${secrets.query}`
      const request = { json: secrets.json, headers: secrets.headers, ...init, timeout, signal }
      let left = 1000
      for await (const _ of streamEvents(target, request)) if (--left === 0) return
    })
    const error: unknown = await result.catch((error: unknown) => error)
    await server.allClosed()
    await turn()
    assert.deepEqual(timers(), [], 'no timer is left')
    assert.deepEqual(getEventListeners(signal, 'abort'), [], 'no listener is left')
    if (error === undefined || error === 'deadline') return
    if (!isChatError(error)) throw error
    assert.ok(rawCodes.includes(error.code), `the code is one of raw events: ${error.code}`)
    checkError(error)
  } catch (failure) {
    if (failure instanceof Error) failure.message = `${rule}, as raw events: ${failure.message}`
    throw failure
  } finally {
    clearTimeout(deadline)
    await server.close()
  }
}

const over = { done: true, value: undefined }

/** A stream that is over stays over, whatever is called. */
async function tearDownAgain(stream: ChatStream, abort: AbortController): Promise<void> {
  abort.abort()
  abort.abort('again')
  assert.deepEqual(await stream.next(), over)
  assert.deepEqual(await stream.return(), over)
  await assert.rejects(stream.throw('mine'), (error) => error === 'mine')
  await stream[Symbol.asyncDispose]()
  assert.deepEqual(await stream.next(), over)
}
