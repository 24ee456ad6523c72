import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import react from '@vitejs/plugin-react'
import vue from '@vitejs/plugin-vue'
import { type Browser, chromium, type Locator, type Page } from 'playwright'
import { build, type PluginOption } from 'vite'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { chromiumOptions } from '../helpers/chromium.ts'
import { type AppServer, part, questions, startAppServer, whole } from './apps-server.ts'

// A busy machine needs its time to build three apps and to start a browser.
vi.setConfig({ testTimeout: 20_000, hookTimeout: 60_000 })

const folder = resolve('.tmp/readme-apps')

interface App {
  /** What the fence in the README says. */
  language: string
  /** The file that mounts the component. */
  main: string
  plugin: PluginOption
}

const apps: Record<string, App> = {
  React: {
    language: 'tsx',
    main: `import { createElement } from 'react'
import { createRoot } from 'react-dom/client'
import { Chat } from './Chat.tsx'
createRoot(document.getElementById('app')!).render(createElement(Chat))`,
    plugin: react(),
  },
  Vue: {
    language: 'vue',
    main: `import { createApp } from 'vue'
import Chat from './Chat.vue'
createApp(Chat).mount('#app')`,
    plugin: vue(),
  },
  Svelte: {
    language: 'svelte',
    main: `import { mount } from 'svelte'
import Chat from './Chat.svelte'
mount(Chat, { target: document.getElementById('app')! })`,
    plugin: svelte({ configFile: false }),
  },
}

let server: AppServer
let browser: Browser
let page: Page
const complaints: string[] = []

/** Builds an app of nothing but the component that the README shows. */
async function buildApp(name: string, { language, main, plugin }: App): Promise<void> {
  const readme = await readFile('README.md', 'utf8')
  const blocks = [...readme.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, 'gm'))]
  expect(blocks).toHaveLength(1)
  const root = resolve(folder, 'sources', name)
  await mkdir(root, { recursive: true })
  await writeFile(`${root}/Chat.${language}`, blocks[0]?.[1] ?? '')
  await writeFile(`${root}/main.ts`, main)
  await writeFile(
    `${root}/index.html`,
    '<!doctype html><title>Chat</title><div id="app"></div><script type="module" src="./main.ts"></script>',
  )
  await build({
    root,
    configFile: false,
    base: './',
    logLevel: 'error',
    plugins: [plugin],
    build: { outDir: resolve(folder, name), emptyOutDir: true },
  })
}

beforeAll(async () => {
  if (!existsSync('dist/index.js')) {
    throw new Error('The components import the built package: run `npm run build` first.')
  }
  for (const [name, app] of Object.entries(apps)) await buildApp(name, app)
  server = await startAppServer(folder)
  browser = await chromium.launch(await chromiumOptions())
})

afterAll(async () => {
  await browser?.close()
  await server?.close()
})

beforeEach(() => {
  complaints.length = 0
  server.asked.length = 0
  return async () => {
    await page.close()
    expect(complaints).toEqual([])
  }
})

const button = (name: string | RegExp): Locator => page.getByRole('button', { name })

async function ask(question: string): Promise<void> {
  await page.getByRole('textbox').fill(question)
  await page.keyboard.press('Enter')
}

/** Polls the messages until the last one is as it must be. */
async function shows(text: string | RegExp): Promise<void> {
  const expected = typeof text === 'string' ? text : expect.stringMatching(text)
  await expect
    .poll(() => page.locator('p').last().textContent(), { timeout: 10_000 })
    .toEqual(expected)
}

describe.each(Object.keys(apps))('the component for %s in the README', (name) => {
  beforeEach(async () => {
    page = await browser.newPage()
    page.setDefaultTimeout(10_000)
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('console', (message) => {
      if (['warning', 'error'].includes(message.type())) complaints.push(message.text())
    })
    await page.goto(`${server.url}/${name}/`)
  })

  it('stops an answer, keeps it, and asks for nothing by that', async () => {
    const leftBefore = server.left
    await ask(questions.endless)
    await shows(/^assistant: 1 2 3 /)
    await button('Stop').click()
    await expect.poll(() => server.left).toBe(leftBefore + 1)
    await shows(/^assistant: 1 2 3 /)
    expect(await page.locator('p').count()).toBe(2)
    expect(server.asked).toEqual([`/api/chat ${questions.endless}`])
  })

  it('says that an answer failed, and asks again for it', async () => {
    await ask(questions.failing)
    await shows(`assistant: ${part}`)
    await button(/The server could not complete the answer\. Again\?/).click()
    await shows(`assistant: ${whole}`)
    expect(await button(/Again/).count()).toBe(0)
    expect(server.asked).toEqual(Array(2).fill(`/api/chat ${questions.failing}`))
  })

  it('sends no empty question', async () => {
    await button('Send').click()
    await ask(questions.failing)
    await shows(`assistant: ${part}`)
    expect(server.asked).toEqual([`/api/chat ${questions.failing}`])
  })
})
