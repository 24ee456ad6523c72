import type { BufferSpec } from 'chatwire'
import { describe, expect, it } from 'vitest'
import { type Traced, traceChat } from '../../demo/page/inspector/tap.ts'
import { charsOf } from '../../demo/page/inspector/trace.ts'

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
const frame = (text: string): string => `data: ${JSON.stringify({ text })}\n\n`

/** A traced answer of these chunks. Without an end, the connection stays open. */
function traced(chunks: Uint8Array[], buffer?: BufferSpec, isOpen = false) {
  let isCancelled = false
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk)
      if (!isOpen) controller.close()
    },
    cancel() {
      isCancelled = true
    },
  })
  const headers = { 'content-type': 'text/event-stream' }
  const fetch = async (): Promise<Response> => new Response(body, { headers })
  return {
    ...traceChat({ url: 'http://localhost/', fetch }, buffer),
    isCancelled: () => isCancelled,
  }
}

async function textOf({ stream }: Traced): Promise<string> {
  let text = ''
  for await (const event of stream) if (event.type === 'text') text += event.text
  return text
}

describe('the trace of a stream', () => {
  it('has each chunk, also where it was cut inside a character, and each frame', async () => {
    const bytes = utf8(`: hi\n\n${frame('A 🚀')}${frame('!')}data: [DONE]\n\n`)
    const inside = bytes.indexOf(0x9f)
    const answer = traced([bytes.subarray(0, 6), bytes.subarray(6, inside), bytes.subarray(inside)])
    expect(await textOf(answer)).toBe('A 🚀!')
    const { chunks, frames, end, textLength, responseAt } = answer.trace
    expect(chunks.map((chunk) => [chunk.bytes, chunk.startsInsideCharacter])).toEqual([
      [6, false],
      [inside - 6, false],
      [bytes.length - inside, true],
    ])
    expect(frames.map(({ isKeepalive }) => isKeepalive)).toEqual([true, false, false, false])
    expect(end).toMatchObject({ finishReason: 'stop', error: undefined })
    expect(textLength).toBe(5)
    expect(responseAt).toBeGreaterThanOrEqual(0)
  })

  it('has the text before the buffer and after it', async () => {
    const answer = traced([utf8(frame('Hel')), utf8(`${frame('lo wor')}data: [DONE]\n\n`)], 'word')
    // Each step is taken before the next chunk is read.
    expect((await answer.stream.next()).value).toMatchObject({ text: 'Hello ' })
    expect(charsOf(answer.trace.handedOut)).toBe(6)
    expect(charsOf(answer.trace.arrived)).toBeGreaterThanOrEqual(9)
    expect(await textOf(answer)).toBe('wor')
    expect(charsOf(answer.trace.handedOut)).toBe(9)
  })

  it('has text at the same time on both sides where there is no buffer', async () => {
    const answer = traced([utf8(frame('Hello')), utf8(frame(' world'))])
    await textOf(answer)
    expect(answer.trace.arrived).toEqual(answer.trace.handedOut)
    expect(charsOf(answer.trace.arrived)).toBe(11)
  })

  it.each([undefined, 'word'] as const)(
    'ends where its reader leaves, who has not to wait (buffer: %s)',
    async (buffer) => {
      const answer = traced([utf8(frame('Hello world'))], buffer, true)
      await answer.stream.next()
      // A read that is pending must not hold it up.
      const pending = answer.stream.next()
      await answer.stream.return()
      expect((await pending).done).toBe(true)
      expect(answer.isCancelled()).toBe(true)
      expect(answer.trace.end).toMatchObject({ finishReason: 'aborted' })
    },
  )
})
