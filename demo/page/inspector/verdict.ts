import type { ChatError } from 'chatwire'
import type { Trace } from './trace.ts'

/** How an answer fares, in plain words. */
export interface Verdict {
  tone: 'idle' | 'busy' | 'good' | 'warn' | 'bad'
  headline: string
  detail: string
}

/** Silence that a reader notices, in milliseconds. */
const SILENCE_MS = 1000
/** A proxy is suspected if this much came at once, after at least this long. Raw text is one frame. */
const BURST_FRAMES = 10
const BURST_CHARS = 500
const BURST_WAIT_MS = 1000

/** @param now - In milliseconds since the request, for an answer that is still running. */
export function verdictOf(trace: Trace | undefined, now: number): Verdict {
  if (trace === undefined) {
    return { tone: 'idle', headline: 'Nothing yet', detail: 'Send a question to see its stream.' }
  }
  return trace.end ? ended(trace, trace.end) : running(trace, now)
}

function running(trace: Trace, now: number): Verdict {
  const lastByteAt = trace.chunks.at(-1)?.at
  const silentMs = now - (lastByteAt ?? 0)
  const busy = (headline: string, detail: string): Verdict => ({ tone: 'busy', headline, detail })
  if (lastByteAt === undefined) {
    return busy('Waiting', 'The request is out; nothing has come back yet.')
  }
  if (silentMs >= SILENCE_MS) {
    return {
      tone: 'warn',
      headline: `Silent for ${seconds(silentMs)}`,
      detail: 'The connection is open, but not a byte comes.',
    }
  }
  if (trace.handedOut.length === 0) {
    return busy('Connected', 'Headers and keepalives only: the model has not begun.')
  }
  return busy('Streaming', 'The answer is on its way.')
}

function ended(trace: Trace, { finishReason, error }: NonNullable<Trace['end']>): Verdict {
  const { textLength } = trace
  const after = `after ${count(textLength, 'character')}`
  if (error) return failed(error, after, textLength > 0)
  if (finishReason === 'aborted') {
    return {
      tone: 'warn',
      headline: `Stopped by you ${after}`,
      detail: 'What had arrived is kept.',
    }
  }
  if (cameInOneBurst(trace)) {
    return {
      tone: 'warn',
      headline: 'One burst: a proxy is buffering',
      detail: `Nothing for ${seconds(trace.chunks[0]?.at ?? 0)}, then everything at once: nobody saw the answer grow.`,
    }
  }
  switch (finishReason) {
    case 'unknown':
      return {
        tone: 'warn',
        headline: `Ended ${after}`,
        detail: 'The server did not say whether that was all.',
      }
    case 'tool-calls':
      return { tone: 'good', headline: 'Complete', detail: 'It waits for the result of a tool.' }
    case 'length':
      return { tone: 'warn', headline: 'Complete', detail: 'The model ran into its length limit.' }
    case 'content-filter':
      return { tone: 'warn', headline: 'Filtered', detail: 'A content filter ended the answer.' }
    default:
      return {
        tone: 'good',
        headline: 'Complete',
        detail: `${count(textLength, 'character')}, and the server said that this is all.`,
      }
  }
}

function failed(error: ChatError, after: string, hasText: boolean): Verdict {
  // Some messages say so themselves.
  const kept = hasText && !error.message.includes('intact') ? ' What had arrived is kept.' : ''
  return { tone: 'bad', headline: headlineOf(error, after), detail: error.message + kept }
}

function headlineOf(error: ChatError, after: string): string {
  switch (error.code) {
    case 'truncated':
      return `Cut off ${after}`
    case 'network':
      return `Connection lost ${after}`
    case 'timeout':
      return `Stalled ${after}`
    case 'provider':
      return `The server failed ${after}`
    case 'http':
      return `Refused with status ${error.status ?? 'unknown'}`
    case 'content-type':
      return 'That was no answer, but another page'
    default:
      return `Failed ${after}: ${error.code}`
  }
}

/** Whether much of an answer came together, long after the request. */
function cameInOneBurst({ chunks, frames, textLength }: Trace): boolean {
  if (frames.length < BURST_FRAMES && textLength < BURST_CHARS) return false
  const first = chunks[0]?.at ?? 0
  const last = chunks.at(-1)?.at ?? 0
  return first >= BURST_WAIT_MS && last - first < first / 10
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toLocaleString('en', { maximumFractionDigits: 1, minimumFractionDigits: 1 })} s`
}

function count(number: number, noun: string): string {
  return `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`
}
