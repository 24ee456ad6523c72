import { marked } from 'marked'
import { chromium, type Page } from 'playwright'
import { servePage } from '../../demo/page-server.ts'
import { type DemoServer, startServer } from '../../demo/server.ts'
import { chromiumOptions } from '../helpers/chromium.ts'

export const frontends = ['dom', 'react', 'vue', 'svelte'] as const

/** What a pane shows of its last answer. */
export interface Shown {
  /** The text as it is drawn. */
  text: string
  reasoning: string
  /** How many characters the message has, reasoning included. */
  length: number
  messages: number
  failure: string
  chip: string
}

/** The demo page in a real browser, and its server. */
export interface OpenPage {
  page: Page
  server: DemoServer
  /** What went wrong in the page; tests expect it to be empty. */
  complaints: string[]
  /** Loads the page anew, with these settings. */
  load(settings?: Record<string, string>): Promise<void>
  choose(label: string, value: string): Promise<void>
  press(name: string): Promise<void>
  ask(question: string): Promise<void>
  /** Waits until the verdict on all four begins like this, or like one of these. */
  verdict(...beginnings: string[]): Promise<void>
  /** Waits until all four are complete. On a busy machine that looks as if a proxy collected it. */
  complete(): Promise<void>
  /** What the four show, in the order of {@link frontends}. */
  shown(): Promise<Shown[]>
  /** How a browser draws markdown that came at once: the text of it. */
  drawn(markdown: string): Promise<string>
  close(): Promise<void>
}

export async function openPage(): Promise<OpenPage> {
  const [server, browser] = await Promise.all([
    servePage().then((page) => startServer({ page })),
    chromium.launch(await chromiumOptions()),
  ])
  const page = await browser.newPage({ viewport: { width: 1000, height: 600 } })
  page.setDefaultTimeout(10_000)
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(String(error)))

  const verdict = async (...beginnings: string[]): Promise<void> => {
    await page.waitForFunction(
      (wanted) =>
        [...document.querySelectorAll('.chip')].every((chip) =>
          wanted.some((beginning) => chip.textContent?.startsWith(beginning)),
        ),
      beginnings,
      // Not by frames, which a hidden tab does not draw.
      { polling: 50 },
    )
  }

  return {
    page,
    server,
    complaints,
    async load(settings = {}) {
      await page.goto(`${server.url}/?${new URLSearchParams(settings)}`)
      complaints.length = 0
    },
    async choose(label, value) {
      await page.getByLabel(label).selectOption(value)
    },
    press: (name) => page.getByRole('button', { name, exact: true }).click(),
    async ask(question) {
      await page.getByLabel('Your question').fill(question)
      await page.keyboard.press('Enter')
    },
    verdict,
    complete: () => verdict('Complete', 'Ended', 'One burst'),
    shown: () => page.evaluate(readPanes, [...frontends]),
    drawn: (markdown) =>
      page.evaluate(
        (html) => new DOMParser().parseFromString(html, 'text/html').body.textContent ?? '',
        marked.parse(markdown, { async: false }),
      ),
    async close() {
      await browser.close()
      await server.close()
    },
  }
}

/** Runs in the page. */
function readPanes(names: string[]): Shown[] {
  return names.map((name, index) => {
    const pane = document.getElementById(`pane-${name}`)
    const answer = [...(pane?.querySelectorAll<HTMLElement>('.assistant') ?? [])].at(-1)
    const textOf = (selector: string): string =>
      [...(answer?.querySelectorAll(selector) ?? [])].map(({ textContent }) => textContent).join('')
    return {
      text: textOf('.text'),
      reasoning: textOf('.reasoning p'),
      length: Number(answer?.dataset['shown'] ?? 0),
      messages: pane?.querySelectorAll('article').length ?? 0,
      failure: pane?.querySelector('.failure')?.textContent ?? '',
      chip: document.querySelectorAll('.chip')[index]?.textContent ?? '',
    }
  })
}
