import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { SuiteReport } from '../check.ts'
import { folder } from '../install.ts'
import { listen } from '../server.ts'
import { readReports } from './runtime.ts'

/** How long the suites may take in a page, in milliseconds. */
const MAX_MS = 240_000

/** A browser window that goes to an address, and reads a global of the page. */
export interface BrowserWindow {
  goTo(url: string): Promise<unknown>
  /** The value of an expression in the page; `undefined` and `null` are the same. */
  evaluate(expression: string): Promise<unknown>
}

/**
 * Runs the suites in a page. It comes from another origin than the server of the scenarios, as the
 * page of an app does whose answers come from elsewhere.
 */
export async function runInPage(window: BrowserWindow, url: string): Promise<SuiteReport[]> {
  const script = await readFile(join(folder, 'bundle/entry-page.js'))
  const pages = createServer((request, response) => {
    if (request.url === '/entry-page.js') {
      return response.writeHead(200, { 'content-type': 'text/javascript' }).end(script)
    }
    const html =
      '<!doctype html><meta charset="utf-8"><script type="module" src="/entry-page.js"></script>'
    return response.writeHead(200, { 'content-type': 'text/html' }).end(html)
  })
  const page = await listen(pages)
  try {
    await window.goTo(`${page}?server=${encodeURIComponent(url)}`)
    for (let waited = 0; waited < MAX_MS; waited += 200) {
      const reports = await window.evaluate('globalThis.reports')
      if (reports != null) return readReports(reports)
      await wait(200)
    }
    throw new Error(`the page is not done within ${MAX_MS / 1000} s`)
  } finally {
    pages.closeAllConnections()
    pages.close()
  }
}
