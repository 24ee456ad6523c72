import { chromium as playwright } from 'playwright'
import { chromiumOptions } from '../../helpers/chromium.ts'
import { findProgram, install } from '../install.ts'
import { runInPage } from './page.ts'
import type { Prepared, Runtime } from './runtime.ts'

/** What Playwright and Puppeteer have in common, as far as it is used here. */
interface Browser {
  version(): string | Promise<string>
  newPage(): Promise<{
    goto(url: string): Promise<unknown>
    evaluate(expression: string): Promise<unknown>
  }>
  close(): Promise<void>
}

/** The part of puppeteer-core that is used here. */
interface PuppeteerModule {
  launch(options: {
    browser: 'firefox'
    executablePath: string
    headless: boolean
  }): Promise<Browser>
}

export const chromium: Runtime = {
  name: 'chromium',
  prepare: () => prepareBrowser(async () => playwright.launch(await chromiumOptions())),
}

/** The Firefox that is installed, driven over WebDriver BiDi. */
export const firefox: Runtime = {
  name: 'firefox',
  async prepare() {
    const executablePath = await findProgram('firefox-esr', 'firefox')
    const installed = await install('firefox', { 'puppeteer-core': '25' })
    const puppeteer = (await installed.import('puppeteer-core')) as PuppeteerModule
    return prepareBrowser(() =>
      puppeteer.launch({ browser: 'firefox', executablePath, headless: true }),
    )
  },
}

/** Starts a browser for its version, and then anew for each run. */
async function prepareBrowser(launch: () => Promise<Browser>): Promise<Prepared> {
  const first = await launch()
  const version = (await first.version()).replace(/^\D+/, '')
  await first.close()
  return {
    version,
    async run(url) {
      const browser = await launch()
      try {
        const page = await browser.newPage()
        const goTo = (address: string) => page.goto(address)
        return await runInPage({ goTo, evaluate: (code) => page.evaluate(code) }, url)
      } finally {
        await browser.close()
      }
    },
  }
}
