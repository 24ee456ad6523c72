import { type ChatEvent, type ChatStream, type ReadOptions, readChat, streamChat } from 'chatwire'
import type { WireFormat } from 'chatwire/formats'
import * as formats from 'chatwire/formats'
import type { FormatName } from '../helpers/fixture.ts'
import { checkPromises, doneOf, merged } from '../helpers/run.ts'
import { type WatchedAbort, watchedAbort } from '../transport/feed.ts'
import { otherWay, type Plan } from './plan.ts'
import type { Random } from './random.ts'
import { lost, type PlannedSource, sourceOf, textOf, turn } from './source.ts'

const byName: Record<FormatName, WireFormat> = formats

/** Plays a case, then its body in another way, and fails if a promise of the library is broken. */
export async function play(plan: Plan, random: Random): Promise<void> {
  const events = await playOnce(plan)
  const isRead = plan.consumer === 'read' || plan.consumer === 'eager'
  if (!isRead || plan.ending === 'stall' || plan.idleMs !== undefined) return
  checkExpected(plan, events)
  // Of bare text each chunk is a frame, so that the same frame is not the same place.
  if (plan.tapThrowsAt !== undefined) return
  const body = textOf(plan.body.bytes)
  const first = JSON.stringify(merged(events, body))
  const other = otherWay(plan, random)
  const second = JSON.stringify(merged(await playOnce(other), body))
  if (first === second) return
  const { body: _, ...way } = other
  const shown = `  ${first}\n  ${second}\n  the other way: ${JSON.stringify(way)}`
  throw new Error(`broken promise: read in another way, the same events\n${shown}`)
}

async function playOnce(plan: Plan): Promise<ChatEvent[]> {
  const timersBefore = timers()
  const abort = watchedAbort()
  const { signal } = abort
  if (plan.consumer === 'aborted') abort.abort()
  const source = sourceOf(plan)
  const stream = openStream(plan, source, signal)
  if (plan.ending === 'stall' && plan.idleMs === undefined) {
    void source.stalled.then(turn).then(() => {
      if (plan.rescue === 'abort') abort.abort()
      else return stream.return()
      return undefined
    })
  }
  const seen: Seen = { events: [], left: false }
  await consume(stream, plan, abort, seen)
  await turn()
  checkEvents(plan, seen, signal.aborted)
  await checkTeardown(plan, source, stream, abort, timersBefore)
  return seen.events
}

function openStream(plan: Plan, source: PlannedSource, signal: AbortSignal): ChatStream {
  const { format, buffer, maxEventSize, readAheadBytes, idleMs, requireEnd } = plan
  let frames = 0

  function onFrame(): void {
    frames++
    // Even a byte is not more than one frame.
    must(frames <= plan.body.bytes.length + 2, 'there are no more frames than bytes')
    if (frames === plan.tapThrowsAt) throw new Error('thrown by the plan')
  }

  const options: ReadOptions = {
    signal,
    requireEnd,
    ...(format !== undefined && { format: byName[format] }),
    ...(buffer !== undefined && { buffer }),
    ...(maxEventSize !== undefined && { maxEventSize }),
    ...(readAheadBytes !== undefined && { readAheadBytes }),
    ...(idleMs !== undefined && { timeout: { idle: idleMs } }),
    ...(plan.isTapped && { onFrame }),
  }
  if (plan.source !== 'fetch') return readChat(source.open(), options)
  return streamChat({ url: 'https://chat.test/', fetch: source.fetch, ...options })
}

interface Seen {
  events: ChatEvent[]
  /** Whether the consumer left before the end. */
  left: boolean
  /** How many events had come when the consumer aborted. */
  abortedAt?: number
}

async function consume(
  stream: ChatStream,
  plan: Plan,
  abort: WatchedAbort,
  seen: Seen,
): Promise<void> {
  const { events } = seen
  const { consumer } = plan
  const thrown = new Error('thrown in the loop')
  const isOver = () => events.at(-1)?.type === 'done'
  const abortNow = () => {
    if (isOver() || seen.abortedAt !== undefined) return
    seen.abortedAt = events.length
    abort.abort()
  }

  if (consumer === 'eager' || consumer === 'return' || consumer === 'abort-waiting') {
    for (let isMore = true; isMore; ) {
      const calls = Array.from({ length: consumer === 'eager' ? 3 : 1 }, () => stream.next())
      if (events.length === plan.after && consumer === 'return') {
        seen.left = true
        must((await stream.return()).done === true, 'return() is done')
        // One that waits is done; one that was served already keeps its event.
        await Promise.all(calls)
        return
      }
      if (events.length === plan.after && consumer === 'abort-waiting') abort.abort()
      for (const result of await Promise.all(calls)) {
        if (result.done) isMore = false
        else events.push(result.value)
      }
      if (plan.isBusy) await turn()
    }
  } else {
    try {
      for await (const event of stream) {
        events.push(event)
        if (events.length > plan.after) {
          if (consumer === 'abort') abortNow()
          seen.left = consumer === 'break' || consumer === 'throw'
          if (consumer === 'break') break
          if (consumer === 'throw') throw thrown
        }
        if (plan.isBusy) await turn()
      }
    } catch (error) {
      must(error === thrown, `iterating does not throw: ${error}`)
    }
  }
  // A stall may have been ended by return().
  if (plan.ending === 'stall' && plan.rescue === 'return' && !isOver()) seen.left = true
}

function checkEvents(plan: Plan, seen: Seen, isAborted: boolean): void {
  const { events, left, abortedAt } = seen
  if (left) {
    must(!events.slice(0, -1).some(({ type }) => type === 'done'), 'nothing follows done')
    return
  }
  checkPromises(events)
  const { error, finishReason, rawFinishReason } = doneOf(events)
  if (abortedAt !== undefined) {
    must(events.length === abortedAt + 1, 'after an abort only done comes')
    const isFailed = events.at(-2)?.type === 'error'
    must(finishReason === (isFailed ? 'error' : 'aborted'), 'an abort ends as aborted')
  }
  const isTold = rawFinishReason === 'abort'
  must(finishReason !== 'aborted' || isAborted || isTold, 'only what was aborted is aborted')
  const size = plan.body.bytes.length
  must(
    events.length <= size + 16,
    `there are no more events than bytes\n${events.length} of ${size}`,
  )
  const written = events.reduce((sum, event) => sum + ('text' in event ? event.text.length : 0), 0)
  // Each text is in an event, and all of it once more in done.
  must(written <= 2 * size, `there is no more text than bytes\n${written} of ${size}`)
  if (error === undefined) return
  const possible = new Set(['malformed', 'truncated', 'provider', 'content-type'])
  if (plan.ending === 'error') possible.add('network')
  if (plan.maxEventSize !== undefined) possible.add('too-large')
  if (plan.idleMs !== undefined) possible.add('timeout')
  if (plan.tapThrowsAt !== undefined) possible.add('callback')
  must(possible.has(error.code), `an error of code ${error.code} is possible here`)
  if (error.code === 'network') must(error.cause === lost, 'the cause is what the read threw')
}

async function checkTeardown(
  plan: Plan,
  source: PlannedSource,
  stream: ChatStream,
  abort: WatchedAbort,
  timersBefore: number,
): Promise<void> {
  const isWeb = plan.source !== 'bytes' && plan.source !== 'text'
  const isUnsent = plan.source === 'fetch' && source.signals.length === 0
  must(source.signals.length <= 1, 'one request is sent')
  const wanted = isUnsent || (isWeb && source.ended()) ? 0 : 1
  must(source.closed() === wanted, `the source is closed ${source.closed()} times, not ${wanted}`)
  must(
    source.signals.every((signal) => signal?.aborted),
    'the signal of the request is aborted',
  )
  must(source.pulls() <= plan.body.bytes.length * 2 + 3, 'no more is read than there is')
  must(abort.listeners() === 0, 'no listener is left')
  must(timers() === timersBefore, `no timer is left\n${timers() - timersBefore} are`)
  must((await stream.next()).done === true, 'next() after the end is done')
  must((await stream.return()).done === true, 'return() after the end is done')
  must(source.closed() === wanted, 'the source is closed once')
}

/** An answer that nobody damaged is what its fixture says. */
function checkExpected(plan: Plan, events: readonly ChatEvent[]): void {
  const { body, source, ending, format, maxEventSize, requireEnd, tapThrowsAt } = plan
  const { expect } = body
  const hasType = source === 'response' || source === 'fetch'
  const isRight = format === body.format || (format === undefined && body.sniffed)
  const isPlain = maxEventSize === undefined && tapThrowsAt === undefined && !requireEnd
  if (expect === undefined || !hasType || ending !== 'end' || !isRight || !isPlain) return
  const { text, finishReason, error } = doneOf(events)
  must(text === (expect.text ?? ''), `the text is the one expected\n${text}`)
  must(finishReason === expect.finishReason, `the finish reason is not ${finishReason}`)
  must(error?.code === expect.error?.code, `the error is not ${error?.code}`)
}

function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
}

function must(condition: boolean, rule: string): void {
  if (!condition) throw new Error(`broken promise: ${rule}`)
}
