import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { answer } from '../../demo/answer.ts'
import type { OpenPage } from './open-page.ts'

let open: OpenPage

/** It takes half a minute, so that nothing of it ends by itself. */
const long = Array.from({ length: 20_000 }, (_, n) => `${n + 1} `).join('')

async function untilStreaming(): Promise<void> {
  await open.ask('Count to 20,000')
  await vi.waitFor(async () => {
    for (const { text } of await open.shown()) expect(text.length).toBeGreaterThan(100)
  }, 8000)
}

/** Asserts that all four show the beginning of the long answer, and how long that is. */
async function expectBeginning(): Promise<number[]> {
  const shown = await open.shown()
  for (const { text, length } of shown) {
    expect(length).toBeGreaterThan(100)
    expect(length).toBeLessThan(long.length)
    expect(text.trim()).toBe(long.slice(0, length).trim())
  }
  expect(open.complaints).toEqual([])
  return shown.map(({ length }) => length)
}

/** What the page shows of answers that are stopped or that fail. */
export function testFaults(page: () => OpenPage): void {
  beforeAll(() => {
    open = page()
  })
  beforeEach(() => open.load({ speed: 'fast' }))

  describe('stop', () => {
    it.each(['the button', 'Escape'])(
      'by %s ends all four within a second, and the server sees it',
      async (how) => {
        await untilStreaming()
        expect(open.server.streamCount()).toBe(4)
        if (how === 'Escape') await open.page.keyboard.press('Escape')
        else await open.press('Stop Esc')
        await vi.waitFor(() => expect(open.server.streamCount()).toBe(0), 1000)
        await open.verdict('Stopped by you after')
        await expectBeginning()
      },
    )

    it('works on a stream that has stalled', async () => {
      await open.press('Stall')
      await open.verdict('Silent for')
      expect(open.server.streamCount()).toBe(4)
      await open.press('Stop Esc')
      await vi.waitFor(() => expect(open.server.streamCount()).toBe(0), 1000)
      await open.verdict('Stopped by you after')
    })
  })

  describe('a fault in the middle of the answer', () => {
    it.each([
      ['Cut short', 'Cut off after'],
      ['Reset', 'Connection lost after'],
      ['Stall', 'Stalled after'],
      ['Server error', 'The server failed after'],
    ])('"%s" is told as "%s", and what had arrived is kept', async (button, verdict) => {
      await untilStreaming()
      await open.press(button)
      await open.verdict(verdict)
      const [length = 0, ...others] = await expectBeginning()
      // All four streams broke at the same byte.
      expect(others).toEqual([length, length, length])
      for (const { failure } of await open.shown()) expect(failure).not.toBe('')
      const figure = open.page.locator('#verdict')
      expect(await figure.getAttribute('data-tone')).toBe('bad')
      expect(await figure.textContent()).toContain(
        `${verdict} ${length.toLocaleString('en')} characters`,
      )
    })

    it('is over when the reader asks again', async () => {
      await open.press('Cut short')
      await open.verdict('Cut off after')
      await open.press('Ask again')
      await open.complete()
      const text = await open.drawn(answer)
      for (const shown of await open.shown()) {
        expect(shown).toMatchObject({ text, messages: 2, failure: '' })
      }
    })
  })

  describe('a server that does not stream', () => {
    it.each([
      ['401', 'Refused with status 401', 'Incorrect API key provided.'],
      ['Login page', 'That was no answer, but another page', 'text/html'],
    ])('"%s" is told as "%s"', async (button, verdict, reason) => {
      await open.press(button)
      await open.verdict(verdict)
      for (const { messages, failure } of await open.shown()) {
        expect(messages).toBe(1)
        expect(failure).toContain(reason)
      }
      expect(open.complaints).toEqual([])
    })

    it.each([
      ['openaiChat', 'model'],
      // The whole answer is one frame, and the model was done before anybody waited.
      ['rawText', 'burst'],
    ])(
      'but is behind a proxy that buffers gives the whole answer, and is found out (%s, %s)',
      async (format, speed) => {
        const burst = 'One burst: a proxy is buffering'
        const isFound = async () => (await open.shown()).every(({ chip }) => chip.startsWith(burst))
        // A machine that is too busy to read a burst as one does so the next time.
        for (let tries = 0; tries < 4 && !(await isFound()); tries++) {
          await open.load({ format, speed })
          await open.press('Buffering proxy')
          await open.verdict(burst, 'Complete', 'Ended')
        }
        await open.verdict(burst)
        const text = await open.drawn(answer)
        for (const shown of await open.shown()) expect(shown.text).toBe(text)
      },
    )
  })
}
