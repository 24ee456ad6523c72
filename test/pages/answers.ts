import { beforeAll, describe, expect, it, vi } from 'vitest'
import { answer, question, reasoning } from '../../demo/answer.ts'
import { hostile } from '../../demo/conversation.ts'
import { frontends, type OpenPage } from './open-page.ts'

/** One of each kind of framing; the server's own tests read the answer in every format. */
const kinds = ['openaiChat', 'anthropic', 'gemini', 'aiSdkData', 'ollama', 'rawText']

let open: OpenPage

/** Asserts that all four show exactly this answer. */
async function expectAnswers(markdown: string, thought = ''): Promise<void> {
  const text = await open.drawn(markdown)
  expect(await open.shown()).toMatchObject(
    frontends.map(() => ({
      text,
      reasoning: thought,
      length: markdown.length + thought.length,
      failure: '',
    })),
  )
  expect(open.complaints).toEqual([])
}

const counted = (to: number): string => Array.from({ length: to }, (_, n) => `${n + 1} `).join('')

/** What the page shows of answers that come whole. */
export function testAnswers(page: () => OpenPage): void {
  beforeAll(() => {
    open = page()
  })

  describe('all four frontends show the whole answer', () => {
    it.each(kinds)('in the format %s', async (format) => {
      const hasReasoning = !['openaiChat', 'rawText'].includes(format)
      await open.load({ format, speed: 'burst' })
      await open.ask(question)
      await open.complete()
      await expectAnswers(answer, hasReasoning ? reasoning : '')
    })

    it.each([
      ['line', ''],
      ['5', 'grapheme'],
    ])('buffered by "%s" and paced by "%s"', async (buffer, pace) => {
      await open.load({ speed: 'fast', chunks: 'blocks', buffer, pace })
      await open.ask(question)
      await open.complete()
      await expectAnswers(answer)
    })

    it('of 5,000 deltas', async () => {
      await open.load({ speed: 'burst' })
      await open.ask('Count to 5,000')
      await open.complete()
      await expectAnswers(counted(5000))
      expect(await open.page.locator('#figures').textContent()).toContain('Frames5,')
    })

    it('in a tab that nobody sees, where no frame is drawn', async () => {
      await open.load({ speed: 'fast', pace: 'grapheme' })
      await open.page.evaluate(() => {
        Object.defineProperty(document, 'hidden', { get: () => true })
        Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' })
        globalThis.requestAnimationFrame = () => 0
        document.dispatchEvent(new Event('visibilitychange'))
      })
      await open.ask(question)
      await open.complete()
      await expectAnswers(answer)
    })

    it('over a slow network', async () => {
      await open.load({ speed: 'burst' })
      const network = await open.page.context().newCDPSession(open.page)
      await network.send('Network.emulateNetworkConditions', {
        offline: false,
        latency: 100,
        downloadThroughput: 300_000,
        uploadThroughput: 50_000,
      })
      await open.ask(question)
      await open.complete()
      await expectAnswers(answer)
      await network.detach()
    })
  })

  describe('a chat', () => {
    it('streams: the text grows, and all four say that it does', async () => {
      await open.load({ speed: 'fast' })
      await open.ask('Count to 20,000')
      await open.verdict('Streaming')
      const before = await open.shown()
      await vi.waitFor(async () => {
        for (const [index, { length }] of (await open.shown()).entries()) {
          expect(length).toBeGreaterThan((before[index]?.length ?? 0) + 40)
        }
      }, 5000)
      await open.press('Stop Esc')
    })

    it('goes on over several turns, links its sources, and asks again for the last', async () => {
      await open.load({ format: 'aiSdk', speed: 'slow' })
      await open.choose('Model', 'burst')
      for (const messages of [2, 4]) {
        await open.ask(question)
        await vi.waitFor(async () => {
          for (const shown of await open.shown()) expect(shown.messages).toBe(messages)
        })
        await open.complete()
      }
      const second = await open.shown()
      expect(second[0]?.text).toContain('a finish reason')
      expect(await open.page.getByRole('link', { name: 'Fetch' }).count()).toBe(4)
      await open.press('Ask again')
      await open.complete()
      expect(await open.shown()).toEqual(second)
      await open.press('Clear')
      await vi.waitFor(async () => {
        for (const { messages } of await open.shown()) expect(messages).toBe(0)
      })
    })

    it('runs the tool that the model asks for, and gets its answer', async () => {
      await open.load({ format: 'anthropic', speed: 'burst' })
      await open.ask('What is the weather in Paris?')
      await vi.waitFor(async () => {
        for (const { text } of await open.shown()) expect(text).toContain('"sky":"clear"')
      }, 5000)
      const tools = await open.page.locator('.tool').allTextContents()
      expect(tools.map((text) => text.replace(/\s+/g, ' ').trim())).toHaveLength(4)
      for (const tool of tools) expect(tool).toContain('get_weather({"city":"Paris"})')
    })

    it('never runs what the model wrote', async () => {
      await open.load({ speed: 'burst' })
      await open.ask('Try to break my page')
      await open.complete()
      for (const { text, length } of await open.shown()) {
        expect(text).toContain('this sentence')
        expect(length).toBe(hostile.length)
      }
      const found = await open.page.evaluate(() => ({
        hacked: 'hacked' in window,
        elements: document.querySelectorAll('.text :is(script, img, iframe, style)').length,
        attributes: [...document.querySelectorAll('.text a')].map((link) => link.attributes.length),
      }))
      // Eight links: two in each pane, without an address and without a handler.
      expect(found).toEqual({ hacked: false, elements: 0, attributes: Array(8).fill(0) })
    })
  })
}
