import { ChatError, type ChatErrorCode, type FinishReason } from 'chatwire'
import { describe, expect, it } from 'vitest'
import { sentencesEnd } from '../../demo/page/announce.ts'
import { emptyTrace, type Trace } from '../../demo/page/inspector/trace.ts'
import { verdictOf } from '../../demo/page/inspector/verdict.ts'

/** A trace with so many frames, each in a chunk of its own, evenly from one time to another. */
function traceOf(frames: number, from: number, to: number, rest: Partial<Trace> = {}): Trace {
  const times = Array.from(
    { length: frames },
    (_, n) => from + ((to - from) * n) / (frames - 1 || 1),
  )
  return {
    ...emptyTrace(),
    chunks: times.map((at) => ({ at, bytes: 9, startsInsideCharacter: false })),
    frames: times.map((at) => ({ at, isKeepalive: false })),
    handedOut: times.map((at, index) => ({ at, chars: index + 1 })),
    textLength: frames,
    ...rest,
  }
}

const ended = (finishReason: FinishReason, error?: ChatError): Partial<Trace> => ({
  end: { at: 2000, finishReason, error },
})
const head = (trace: Trace | undefined, now = 0): string[] => {
  const { tone, headline } = verdictOf(trace, now)
  return [tone, headline]
}

describe('the verdict on a stream that runs', () => {
  it('names what it waits for', () => {
    expect(head(undefined)).toEqual(['idle', 'Nothing yet'])
    expect(head(emptyTrace(), 5000)).toEqual(['busy', 'Waiting'])
    expect(head(traceOf(2, 100, 200, { handedOut: [] }), 300)).toEqual(['busy', 'Connected'])
    expect(head(traceOf(2, 100, 200), 300)).toEqual(['busy', 'Streaming'])
  })

  it('names silence once it is long', () => {
    expect(head(traceOf(2, 100, 200), 1199)).toEqual(['busy', 'Streaming'])
    expect(head(traceOf(2, 100, 200), 1500)).toEqual(['warn', 'Silent for 1.3 s'])
  })
})

describe('the verdict on a stream that ended', () => {
  it.each<[FinishReason, string, string]>([
    ['stop', 'good', 'Complete'],
    ['tool-calls', 'good', 'Complete'],
    ['length', 'warn', 'Complete'],
    ['content-filter', 'warn', 'Filtered'],
    ['unknown', 'warn', 'Ended after 312 characters'],
    ['aborted', 'warn', 'Stopped by you after 312 characters'],
  ])('by %s is %s: %s', (finishReason, tone, headline) => {
    expect(head(traceOf(312, 100, 1900, ended(finishReason)))).toEqual([tone, headline])
  })

  it.each<[ChatErrorCode, string]>([
    ['truncated', 'Cut off after 312 characters'],
    ['network', 'Connection lost after 312 characters'],
    ['timeout', 'Stalled after 312 characters'],
    ['provider', 'The server failed after 312 characters'],
    ['http', 'Refused with status 401'],
    ['content-type', 'That was no answer, but another page'],
    ['malformed', 'Failed after 312 characters: malformed'],
  ])('with the error %s is: %s', (code, headline) => {
    const error = new ChatError(code, 'It went wrong.', { status: 401 })
    const trace = traceOf(312, 100, 1900, ended('error', error))
    expect(head(trace)).toEqual(['bad', headline])
    expect(verdictOf(trace, 0).detail).toBe('It went wrong. What had arrived is kept.')
  })

  it('does not say twice that what arrived is kept', () => {
    const error = new ChatError('network', 'It was lost. What arrived is intact.')
    const { detail } = verdictOf(traceOf(312, 100, 1900, ended('error', error)), 0)
    expect(detail).toBe('It was lost. What arrived is intact.')
  })

  it('does not speak of what is kept where nothing came, and counts one character as one', () => {
    const error = new ChatError('truncated', 'It went wrong.')
    expect(verdictOf({ ...emptyTrace(), ...ended('error', error) }, 0).detail).toBe(
      'It went wrong.',
    )
    expect(head(traceOf(1, 100, 100, ended('error', error)))[1]).toBe('Cut off after 1 character')
  })

  it('suspects a proxy if many frames came together and late', () => {
    const burst = ['warn', 'One burst: a proxy is buffering']
    expect(head(traceOf(50, 1900, 1920, ended('stop')))).toEqual(burst)
    // Raw text that was collected is one frame.
    expect(head(traceOf(1, 1900, 1900, { ...ended('unknown'), textLength: 500 }))).toEqual(burst)
    // Not if they were quick, few, or came one after the other.
    expect(head(traceOf(50, 30, 31, ended('stop')))).toEqual(['good', 'Complete'])
    expect(head(traceOf(5, 1900, 1901, ended('stop')))).toEqual(['good', 'Complete'])
    expect(head(traceOf(50, 900, 1900, ended('stop')))).toEqual(['good', 'Complete'])
  })
})

describe('the end of the last whole sentence', () => {
  it.each([
    ['', ''],
    ['Half a sent', ''],
    ['One. Tw', 'One. '],
    ['One.', ''],
    ['It costs 3.5 euros', ''],
    ['Really?! "Yes." No', 'Really?! "Yes." '],
    ['一つ。二', '一つ。'],
    ['A heading\n\nand te', 'A heading\n\n'],
  ])('of %j is that of %j', (text, whole) => {
    expect(text.slice(0, sentencesEnd(text))).toBe(whole)
  })
})
