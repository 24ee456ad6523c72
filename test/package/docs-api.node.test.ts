import { readFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { apiPage } from '../../scripts/api.ts'

const page = await readFile('docs/api.md', 'utf8')

test('the page about the API is what the build documents', async () => {
  // If not: npm run build && node scripts/api.ts
  expect(page).toBe(await apiPage())
})

test('the page about the API has a heading for every function and class', async () => {
  const missing: string[] = []
  for (const entry of Object.values(manifest.exports)) {
    if (typeof entry === 'string') continue
    const url = pathToFileURL(entry.default)
    const names = Object.keys(await import(/* @vite-ignore */ url.href))
    expect(names.length, entry.default).toBeGreaterThan(0)
    missing.push(...names.filter((name) => !page.includes(`\n### ${name}\n`)))
  }
  expect(missing).toEqual([])
})
