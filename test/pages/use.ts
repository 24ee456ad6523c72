import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { answer, question } from '../../demo/answer.ts'
import { frontends, type OpenPage } from './open-page.ts'

const pictures = fileURLToPath(new URL('../../.tmp/', import.meta.url))

let open: OpenPage

const focused = (): Promise<string> =>
  open.page.evaluate(() => {
    const { activeElement } = document
    if (!(activeElement instanceof HTMLElement)) return ''
    return activeElement.id || activeElement.getAttribute('name') || activeElement.textContent
  })

/** That everybody can use the page. */
export function testUse(page: () => OpenPage): void {
  beforeAll(() => {
    mkdirSync(pictures, { recursive: true })
    open = page()
  })
  beforeEach(() => open.load({ speed: 'burst' }))

  describe('the keyboard alone', () => {
    it('reaches everything, in the order in which it is seen', async () => {
      await open.page.getByLabel('Wire format').focus()
      const order = [await focused()]
      while (order.length < 25) {
        await open.page.keyboard.press('Tab')
        order.push(await focused())
      }
      expect(order).toEqual([
        ...['format', 'speed', 'chunks', 'buffer', 'pace', 'inspected'],
        ...frontends.map((name) => `pane-${name}`),
        ...['message', 'send', 'stop', 'again', 'clear'],
        ...[question, 'What is the weather in Paris?', 'Count to 5,000', 'Try to break my page'],
        ...['Cut short', 'Reset', 'Stall', 'Server error', 'Buffering proxy', '401'],
      ])
    })

    it('asks with Enter, stops with Escape, and loses its place at neither', async () => {
      await open.load({ speed: 'slow' })
      await open.page.getByLabel('Your question').focus()
      await open.page.keyboard.press('Enter')
      await open.verdict('Waiting', 'Connected', 'Streaming')
      expect(await focused()).toBe('message')
      await open.page.keyboard.press('Escape')
      await open.verdict('Stopped by you')
      expect(await focused()).toBe('message')
    })

    it.each(frontends)('keeps its place in the pane %s while the answer streams', async (name) => {
      await open.load({ format: 'anthropic', speed: 'model' })
      await open.ask(question)
      const summary = open.page.locator(`#pane-${name} summary`)
      await summary.focus()
      const drawn = async () => (await open.page.locator(`#pane-${name}`).textContent()) ?? ''
      const { length } = await drawn()
      await vi.waitFor(
        async () => expect((await drawn()).length).toBeGreaterThan(length + 50),
        8000,
      )
      expect(await summary.evaluate((element) => element === document.activeElement)).toBe(true)
      await open.page.keyboard.press('Escape')
      await open.verdict('Stopped by you')
    })

    it('chooses with the arrows which of the four is inspected', async () => {
      await open.page.getByRole('radio').first().focus()
      await open.page.keyboard.press('ArrowRight')
      await vi.waitFor(async () => {
        expect(await open.page.locator('#inspected').textContent()).toBe('React')
      })
    })
  })

  describe('the inspector', () => {
    const figure = async (name: string): Promise<string> =>
      (await open.page.locator('#figures div', { hasText: name }).locator('dd').textContent()) ?? ''

    it('draws each kind of moment, and says in words what it draws', async () => {
      await open.load({ speed: 'fast', buffer: 'line', format: 'anthropic' })
      await open.ask(question)
      await open.complete()
      await vi.waitFor(async () => {
        const paths = await open.page.$$eval('#timeline path.ticks, #timeline path.curve', (all) =>
          all.map((path) => (path.getAttribute('d')?.match(/[MHV]/g) ?? []).length),
        )
        // Chunks, frames, events, paints, keepalives (none at this speed) and the two curves.
        const [chunks, frames, events, paints, keepalives, arrived, painted] = paths
        for (const marks of [chunks, frames, events, arrived]) expect(marks).toBeGreaterThan(5)
        for (const marks of [paints, painted]) expect(marks).toBeGreaterThan(1)
        expect(keepalives).toBe(0)
      })
      expect(await open.page.getByRole('img').getAttribute('aria-label')).toMatch(
        /^Complete\. \d+ chunks, 418 frames, \d+ events and \d+ paints in [\d,]+ ms\.$/,
      )
      expect(await figure('Frames')).toBe('418 + 0 keepalives')
      // The first paragraph is a line of its own.
      expect(Number.parseInt(await figure('Held by the buffer'), 10)).toBeGreaterThan(100)
    })

    it('holds nothing back without a buffer', async () => {
      await open.load({ speed: 'burst', buffer: '' })
      await open.ask(question)
      await open.complete()
      await vi.waitFor(async () => expect(await figure('Held by the buffer')).toBe('0 ch., 0 ms'))
      await vi.waitFor(async () => expect(await figure('Paints')).not.toBe('0'))
    })
  })

  describe('a screen reader', () => {
    it('hears the answer once, in few and whole sentences, and how it ended', async () => {
      await open.load({ speed: 'fast' })
      await open.ask(question)
      await open.complete()
      const log = open.page.getByRole('log')
      await vi.waitFor(async () => expect(await log.textContent()).toContain('Complete'))
      const heard = await log.locator('p').allTextContents()
      expect(heard.at(-1)).toBe('Complete')
      expect(heard.slice(0, -1).join('')).toBe(answer)
      // Of some twenty sentences; how many come together depends on how fast the machine is.
      expect(heard.length).toBeLessThan(12)
      for (const part of heard.slice(0, -2)) expect(part).toMatch(/[.!?。]["')*_]*\s*$|\n\n$/)
    })

    it('finds no other live region', async () => {
      const live = '[aria-live], [role=status], [role=alert], [role=log], output'
      expect(await open.page.locator(live).count()).toBe(1)
    })
  })

  describe('the page', () => {
    it('does not move for who asked for less motion', async () => {
      await open.page.emulateMedia({ reducedMotion: 'reduce' })
      await open.load({ speed: 'slow', pace: 'grapheme' })
      await open.ask(question)
      await open.verdict('Waiting', 'Connected', 'Streaming')
      expect(await open.page.evaluate(() => document.getAnimations().length)).toBe(0)
      await open.page.emulateMedia({ reducedMotion: null })
    })

    it('looks as it should in light and dark', async () => {
      await open.load({ speed: 'fast', buffer: 'line', format: 'anthropic' })
      await open.ask(question)
      await open.complete()
      for (const colorScheme of ['light', 'dark'] as const) {
        await open.page.emulateMedia({ colorScheme })
        await open.page.screenshot({ path: `${pictures}page-${colorScheme}.png`, fullPage: true })
        const [ink, paper] = await open.page.evaluate(() => {
          const { color } = getComputedStyle(document.body)
          return [color, getComputedStyle(document.documentElement).backgroundColor]
        })
        expect([ink, paper]).toEqual(
          colorScheme === 'light'
            ? ['rgb(27, 35, 38)', 'rgb(244, 245, 242)']
            : ['rgb(229, 234, 233)', 'rgb(18, 22, 24)'],
        )
      }
      await open.page.emulateMedia({ colorScheme: null })
    })

    it('invites to ask in every frontend, at first and after Clear, which forgets the verdict', async () => {
      const invitations = () =>
        open.page
          .locator('.pane')
          .evaluateAll((all) => all.map((pane) => getComputedStyle(pane, '::before').content))
      const everywhere = frontends.map(() => '"Ask something below."')
      expect(await invitations()).toEqual(everywhere)
      await open.ask(question)
      await open.complete()
      expect(await invitations()).toEqual(frontends.map(() => 'none'))
      await open.press('Clear')
      await vi.waitFor(async () => {
        expect(await open.page.locator('.chip').allTextContents()).toEqual(frontends.map(() => ''))
      })
      expect(await invitations()).toEqual(everywhere)
      expect(await open.page.locator('#verdict').textContent()).toContain('Nothing yet')
    })

    it('fits a phone, with one frontend at a time', async () => {
      await open.page.setViewportSize({ width: 390, height: 844 })
      await open.ask(question)
      await open.complete()
      const visible = () =>
        open.page.locator('.pane:visible').evaluateAll((all) => all.map((p) => p.id))
      expect(await visible()).toEqual(['pane-dom'])
      await open.page.getByRole('radio', { name: 'Svelte' }).click()
      await vi.waitFor(async () => expect(await visible()).toEqual(['pane-svelte']))
      await open.page.screenshot({ path: `${pictures}page-phone.png`, fullPage: true })
      const width = await open.page.evaluate(() => document.documentElement.scrollWidth)
      await open.page.setViewportSize({ width: 320, height: 640 })
      const outside = await open.page.$$eval('#tabs label', (tabs) =>
        tabs
          .filter(
            (tab) => (tab.querySelector('b')?.getBoundingClientRect().width ?? 0) > tab.clientWidth,
          )
          .map((tab) => tab.textContent),
      )
      await open.page.setViewportSize({ width: 1000, height: 600 })
      expect(width).toBe(390)
      expect(outside).toEqual([])
    })
  })
}
