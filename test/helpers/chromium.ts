import sparticuz from '@sparticuz/chromium'
import type { LaunchOptions } from 'playwright'

/** How Playwright starts Chromium: on Linux the one from npm, elsewhere the Chrome that is installed. */
export async function chromiumOptions(): Promise<LaunchOptions> {
  if (process.platform !== 'linux') return { channel: 'chrome' }
  return {
    executablePath: await sparticuz.executablePath(),
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  }
}
