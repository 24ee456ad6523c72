import sparticuz from '@sparticuz/chromium'
import { type Browser, chromium, type Page } from 'playwright'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { answer, demoAnswer, reasoning } from '../../demo/answer.ts'
import { formats } from '../../demo/formats/index.ts'
import { servePage } from '../../demo/page-server.ts'
import { type DemoServer, startServer } from '../../demo/server.ts'

// A busy machine needs its time to start a browser and to draw.
vi.setConfig({ testTimeout: 20_000, hookTimeout: 30_000 })

let server: DemoServer
let browser: Browser
let page: Page
const complaints: string[] = []

beforeAll(async () => {
  server = await startServer({ page: await servePage() })
  // The Chromium from npm runs on Linux only; elsewhere the installed Chrome does.
  browser = await chromium.launch(
    process.platform === 'linux'
      ? {
          executablePath: await sparticuz.executablePath(),
          args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
        }
      : { channel: 'chrome' },
  )
  page = await browser.newPage()
  page.setDefaultTimeout(10_000)
  page.on('pageerror', (error) => complaints.push(String(error)))
})

afterAll(async () => {
  await browser.close()
  await server.close()
})

beforeEach(async () => {
  await page.goto(`${server.url}/`)
  complaints.length = 0
})

const choose = (label: string, value: string) => page.getByLabel(label).selectOption(value)
const press = (name: string) => page.getByRole('button', { name, exact: true }).click()
const shownAnswer = () => page.locator('#answer').textContent()

async function waitForState(text: string): Promise<void> {
  await page.getByRole('status').filter({ hasText: text }).waitFor()
}

describe('the demo page', () => {
  it.each([...formats.keys()])('shows the whole answer in the format %s', async (format) => {
    await choose('Wire format', format)
    await choose('Speed', 'burst')
    await press('Send')
    await waitForState('Done')
    expect(await shownAnswer()).toBe(answer)
    expect(await page.locator('#characters').textContent()).toBe(answer.length.toLocaleString('en'))
    expect(complaints).toEqual([])
  })

  it.each(['', 'word', 'line', '5'])('shows the whole answer when buffered by "%s"', async (by) => {
    await choose('Hand out text by', by)
    await choose('Speed', 'burst')
    await press('Send')
    await waitForState('Done: stop')
    expect(await shownAnswer()).toBe(answer)
    expect(await page.locator('#tokens').textContent()).toBe(String(demoAnswer.text.length))
  })

  it('shows reasoning beside the answer', async () => {
    await choose('Wire format', 'anthropic')
    await choose('Speed', 'fast')
    await press('Send')
    await waitForState('Done')
    expect(await page.locator('#reasoning').textContent()).toBe(reasoning)
    expect(await shownAnswer()).toBe(answer)
  })

  it.each(['the button', 'Escape'])('stops with %s and keeps what had arrived', async (how) => {
    await press('Send')
    await waitForState('Streaming')
    if (how === 'Escape') await page.keyboard.press('Escape')
    else await press('Stop Esc')
    await waitForState('Stopped')
    const kept = (await shownAnswer()) ?? ''
    expect(kept).not.toBe('')
    expect(answer.startsWith(kept)).toBe(true)
    expect(kept).not.toBe(answer)
    // The page is ready for more.
    await choose('Speed', 'burst')
    await press('Send')
    await waitForState('Done: stop')
    expect(await shownAnswer()).toBe(answer)
    expect(complaints).toEqual([])
  })

  it.each([
    ['Reset', 'Error: network'],
    ['Cut short', 'Error: truncated'],
    ['Report error', 'Error: provider'],
    ['Go silent', 'Error: timeout'],
  ])('%s breaks the running stream, and the page says "%s"', async (button, message) => {
    await press('Send')
    await waitForState('Streaming')
    await press(button)
    await waitForState(message)
    const kept = (await shownAnswer()) ?? ''
    expect(kept).not.toBe('')
    expect(answer.startsWith(kept)).toBe(true)
    expect(kept).not.toBe(answer)
    expect(complaints).toEqual([])
  })

  it.each([
    ['Answer 401', 'Error: http'],
    ['Send a login page', 'Error: content-type'],
  ])('%s is shown as "%s"', async (button, message) => {
    await press(button)
    await waitForState(message)
    expect(await shownAnswer()).toBe('')
  })

  it('can be used from the keyboard alone', async () => {
    await choose('Speed', 'slow')
    await page.getByLabel('Wire format').focus()
    for (const id of ['speed', 'buffer', 'send']) {
      await page.keyboard.press('Tab')
      expect(await page.evaluate(() => document.activeElement?.id)).toBe(id)
    }
    await page.keyboard.press('Enter')
    await waitForState('Streaming')
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('send')
    await page.keyboard.press('Escape')
    await waitForState('Stopped')
  })

  it('fits a phone', async () => {
    await page.setViewportSize({ width: 360, height: 740 })
    await choose('Speed', 'burst')
    await press('Send')
    await waitForState('Done')
    const width = await page.evaluate(() => document.documentElement.scrollWidth)
    await page.setViewportSize({ width: 1280, height: 720 })
    expect(width).toBe(360)
  })
})
