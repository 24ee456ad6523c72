/**
 * What an answer costs the page: the same stream into the same React page, by different hooks.
 *
 *     npm run bench:ui                      everything, about four minutes
 *     npm run bench:ui -- --rounds 1        quicker, and less sure
 *     npm run bench:ui -- --hook chatwire   the hooks whose name starts with that
 *     npm run bench:ui -- --stream burst    that stream only
 *
 * It measures the built package in a headless Chromium: production builds, a fresh page each time,
 * and in the first visit of each hook how many renders there were between two frames. Times of the
 * main thread are CPU times, so that what else the machine does counts for little; the others are
 * those of a clock. Chromium's own figure for scripts is left out: it does not count microtasks, in
 * which streams are read.
 */
import { parseArgs } from 'node:util'
import { chromium } from 'playwright'
import { chromiumOptions } from '../../test/helpers/chromium.ts'
import { buildPage } from './build.ts'
import { type Stream, startServer, streams } from './server.ts'
import { type Figures, medians, printTable } from './table.ts'

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    hook: { type: 'string', default: '' },
    stream: { type: 'string', default: '' },
  },
})

/** The hooks by their names in `page/main.tsx`, and what they are. */
const hooks: [name: string, label: string][] = [
  ['chatwire', 'chatwire useChat'],
  ['chatwire-50', 'the same, notify: {throttleMs: 50}'],
  ['ai-sdk', 'AI SDK useChat'],
  ['ai-sdk-50', 'AI SDK useChat, throttle: 50'],
  ['each-token', 'by hand, setState for each token'],
  ['every-20', 'by hand, every 20 characters'],
  ['each-frame', 'by hand, every frame'],
  ['at-end', 'by hand, only in the end'],
]

/** Opens a fresh page, asks, and takes the figures of the answer. */
async function visit(hook: string, stream: Stream, watchFrames: boolean): Promise<Figures> {
  const expected = stream.deltas.join('')
  const query = new URLSearchParams({ hook, stream: stream.name, length: String(expected.length) })
  if (watchFrames) query.set('frames', '')
  const page = await browser.newPage({ viewport: { width: 800, height: 900 } })
  try {
    const cdp = await page.context().newCDPSession(page)
    await page.goto(`${server.url}/?${query}`)
    await page.waitForFunction(() => window.measure !== undefined)
    await cdp.send('HeapProfiler.collectGarbage')
    await cdp.send('Performance.enable', { timeDomain: 'threadTicks' })
    const before = await cdp.send('Performance.getMetrics')
    const report = await page.evaluate(() => window.measure?.())
    const after = await cdp.send('Performance.getMetrics')
    if (report === undefined) throw new Error('The page went away.')
    const { text, ...figures } = report
    if (text !== expected) throw new Error(`${hook} shows something else than was sent.`)
    const spentMs = (metric: string): number => {
      const [from, to] = [before, after].map(({ metrics }) =>
        metrics.find(({ name }) => name === metric),
      )
      return ((to?.value ?? Number.NaN) - (from?.value ?? Number.NaN)) * 1000
    }
    return { ...figures, mainMs: spentMs('TaskDuration'), layoutMs: spentMs('LayoutDuration') }
  } finally {
    await page.close()
  }
}

/** The figures of each chosen hook, by label. The hooks take turns, so that all share the weather. */
async function compare(stream: Stream): Promise<Map<string, Figures>> {
  const chosen = hooks.filter(([name]) => name.startsWith(options.hook))
  const rounds = new Map(chosen.map(([name]) => [name, [] as Figures[]]))
  const perFrame = new Map<string, number>()
  for (const [name] of chosen) perFrame.set(name, (await visit(name, stream, true)).mostPerFrame)
  for (let round = 0; round < Number(options.rounds); round += 1) {
    for (const [name] of chosen) rounds.get(name)?.push(await visit(name, stream, false))
  }
  return new Map(
    chosen.map(([name, label]) => {
      const mostPerFrame = perFrame.get(name) ?? Number.NaN
      return [label, { ...medians(rounds.get(name) ?? []), mostPerFrame }]
    }),
  )
}

const server = await startServer(await buildPage())
const browser = await chromium.launch(await chromiumOptions())
try {
  console.log(`Chromium ${browser.version()}, medians of ${options.rounds}, after 20 messages.`)
  for (const stream of streams.filter(({ name }) => name.startsWith(options.stream))) {
    const { name, deltas, perSecond } = stream
    const rate = perSecond ? `${perSecond} a second` : 'all at once'
    console.log(`\n${name}: ${deltas.length} deltas, ${rate}; every page showed exactly these.`)
    printTable(await compare(stream))
  }
} finally {
  await browser.close()
  server.close()
}
