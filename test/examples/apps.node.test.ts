import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Browser, chromium, type Locator, type Page } from 'playwright'
import { build } from 'vite'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { chromiumOptions } from '../helpers/chromium.ts'
import { type AppServer, halves, part, questions, startAppServer, whole } from './apps-server.ts'

// A busy machine needs its time to build four apps and to start a browser.
vi.setConfig({ testTimeout: 20_000, hookTimeout: 60_000 })

const folder = '.tmp/apps'
const apps = ['react', 'vue', 'svelte', 'vanilla']

let server: AppServer
let browser: Browser
let page: Page
const complaints: string[] = []

/** Builds an app as its own config says: against the built package, which it imports by name. */
async function buildApp(name: string): Promise<void> {
  await build({
    root: `examples/${name}`,
    configFile: `examples/${name}/vite.config.ts`,
    base: './',
    logLevel: 'error',
    build: { outDir: resolve(folder, name), emptyOutDir: true },
  })
}

beforeAll(async () => {
  if (!existsSync('dist/index.js')) {
    throw new Error('The apps import the built package: run `npm run build` first.')
  }
  for (const name of apps) await buildApp(name)
  server = await startAppServer(folder)
  browser = await chromium.launch(await chromiumOptions())
})

afterAll(async () => {
  await browser?.close()
  await server?.close()
})

beforeEach(async () => {
  complaints.length = 0
  server.asked.length = 0
  page = await browser.newPage({ viewport: { width: 400, height: 500 } })
  page.setDefaultTimeout(10_000)
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    if (['warning', 'error'].includes(message.type())) complaints.push(message.text())
  })
  return async () => {
    await page.close()
    expect(complaints).toEqual([])
  }
})

const button = (name: string): Locator => page.getByRole('button', { name, exact: true })
const log = (): Locator => page.getByRole('log', { name: 'Conversation' })
const answers = (): Locator => page.locator('[data-role=assistant]')

/** Types a question and sends it from the keyboard. */
async function ask(question: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Message' }).fill(question)
  await page.keyboard.press('Enter')
}

/** Polls what a page shows until it is what it must be. */
async function shows(locator: Locator, text: string | RegExp): Promise<void> {
  await expect.poll(() => locator.textContent(), { timeout: 10_000 }).toEqual(matching(text))
}

const matching = (text: string | RegExp) =>
  typeof text === 'string' ? text : expect.stringMatching(text)

/** How far, in pixels, the reader is from the end of the conversation. */
const distanceToEnd = (): Promise<number> =>
  log().evaluate((element) => element.scrollHeight - element.scrollTop - element.clientHeight)

describe.each(apps)('the chat in %s', (name) => {
  beforeEach(async () => {
    await page.goto(`${server.url}/${name}/`)
  })

  it('shows the answer while it streams, and in the end all of it', async () => {
    await ask(questions.halves)
    await shows(answers(), /Line 60\.\s*$/)
    expect(await page.getByRole('textbox').inputValue()).toBe('')
    server.goOn()
    await shows(answers(), shown(name, halves.join('')))
    await expect.poll(() => log().getAttribute('aria-busy')).toBe('false')
    expect(server.asked).toEqual([`/api/chat ${questions.halves}`])
  })

  it('follows the end, but not for who scrolled away from it', async () => {
    await ask(questions.halves)
    await shows(answers(), /Line 60\.\s*$/)
    expect(await distanceToEnd()).toBeLessThan(2)
    await log().evaluate((element) => element.scrollTo(0, 100))
    await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(drawn)))
    server.goOn()
    await expect.poll(() => log().getAttribute('aria-busy')).toBe('false')
    expect(await log().evaluate((element) => element.scrollTop)).toBe(100)
  })

  it('stops at once and keeps what had arrived', async () => {
    const leftBefore = server.left
    await ask(questions.endless)
    await shows(answers(), /^1 2 3 /)
    await button('Stop').click()
    await expect.poll(() => server.left).toBe(leftBefore + 1)
    expect(await answers().getAttribute('data-status')).toBe('stopped')
    const kept = await answers().textContent()
    expect(kept).toMatch(/^1 2 3 /)
    expect(await page.getByRole('alert').isVisible()).toBe(false)
    await ask(questions.halves)
    await expect.poll(() => answers().count()).toBe(2)
    expect(await answers().first().textContent()).toBe(kept)
  })

  it('says that an answer failed, keeps its part, and asks again for it', async () => {
    await ask(questions.failing)
    await shows(page.getByRole('alert'), /The server could not complete the answer\./)
    await shows(answers(), shown(name, part))
    expect(await answers().getAttribute('data-status')).toBe('error')
    await button('Try again').click()
    await shows(answers(), shown(name, whole))
    expect(await page.getByRole('alert').isVisible()).toBe(false)
    expect(server.asked).toEqual(Array(2).fill(`/api/chat ${questions.failing}`))
  })
})

it.each(apps.slice(0, 3))(
  'Markdown in %s is rendered, and its HTML can do nothing',
  async (name) => {
    await page.goto(`${server.url}/${name}/`)
    await ask(questions.halves)
    await shows(answers(), /Line 60\.\s*$/)
    server.goOn()
    await shows(answers().locator('strong'), 'bold')
    await expect.poll(() => log().getAttribute('aria-busy')).toBe('false')
    expect(await answers().locator('img').count()).toBe(0)
    expect(await page.title()).not.toBe('stolen')
    expect(server.asked).toEqual([`/api/chat ${questions.halves}`])
  },
)

/** What of an answer is to be seen: all of it, or what its Markdown makes of it. */
function shown(name: string, text: string): string {
  if (name === 'vanilla') return text
  const paragraphs = text
    .replace(/<img .*>$/, '')
    .replaceAll('**', '')
    .trim()
    .split('\n\n')
  return `${paragraphs.join('\n')}\n`
}
