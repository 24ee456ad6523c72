import { equal } from 'node:assert/strict'
import { chromium } from 'playwright'
import { chromiumOptions } from '../helpers/chromium.ts'
import { halves, type Model } from './model.ts'

/** How long a page may take for each step, in milliseconds. */
const MAX_MS = 20_000

/** Opens the page at `url` in Chromium, asks, and sees each half of the answer when it has come. */
export async function askInPage(url: string, model: Model): Promise<void> {
  const browser = await chromium.launch(await chromiumOptions())
  try {
    const page = await browser.newPage()
    page.setDefaultTimeout(MAX_MS)
    const complaints: string[] = []
    page.on('pageerror', (error) => complaints.push(String(error)))
    await page.goto(url)
    await page.getByRole('button', { name: 'Ask' }).click()
    await page.locator('[data-status=streaming]').getByText(halves[0].trim()).waitFor()
    model.goOn()
    const answer = page.locator('[data-status=done]')
    await answer.waitFor()
    equal(await answer.textContent(), halves.join(''))
    equal(complaints.join('\n'), '')
  } finally {
    await browser.close()
  }
}
