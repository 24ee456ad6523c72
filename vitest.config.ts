import { resolve } from 'node:path'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { playwright } from '@vitest/browser-playwright'
import { defineConfig } from 'vitest/config'
import { chromiumOptions } from './test/helpers/chromium.ts'

const source = (file: string) => resolve('src', file)

/** Tests use the public names, so that they exercise the entry points. */
const alias = [
  { find: /^chatwire$/, replacement: source('index.ts') },
  { find: /^chatwire\/core$/, replacement: source('core.ts') },
  { find: /^chatwire\/formats$/, replacement: source('formats.ts') },
  { find: /^chatwire\/chat$/, replacement: source('chat.ts') },
  { find: /^chatwire\/chat\/core$/, replacement: source('chat-core.ts') },
  { find: /^chatwire\/(react|svelte|vue)$/, replacement: source('adapters/$1.ts') },
  { find: /^chatwire\/server$/, replacement: source('server.ts') },
]

const browserOnly = ['test/browser/**', 'test/**/*.dom.test.ts']
const nodeOnly = ['test/**/*.node.test.ts', 'test/{package,examples}/**']

/** Long tables: once through them, in Node, is enough. */
const longTables = ['test/{formats,framing}/*.node.test.ts']

export default defineConfig({
  test: {
    allowOnly: false,
    dangerouslyIgnoreUnhandledErrors: false,
    // Property tests take seconds, and more on a machine that does other things as well.
    testTimeout: 30_000,
    projects: [
      {
        plugins: [svelte({ configFile: false })],
        resolve: { alias },
        test: {
          // What only computes, by a fake clock if it needs one: on every core at once.
          name: 'core',
          include: ['test/**/!(*.node).test.ts', ...longTables],
          exclude: browserOnly,
          setupFiles: 'test/setup.ts',
          maxWorkers: '100%',
          // None of these files leaves anything behind, so that a process may take the next one.
          isolate: false,
          sequence: { groupOrder: 0 },
        },
      },
      {
        plugins: [svelte({ configFile: false })],
        resolve: { alias },
        test: {
          // Sockets, processes, pages and the real clock: after the others, and one by one.
          name: 'node',
          include: ['test/**/*.node.test.ts'],
          exclude: longTables,
          setupFiles: 'test/setup.ts',
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
      {
        plugins: [svelte({ configFile: false })],
        resolve: { alias },
        // What Vue asks of whoever bundles it.
        define: {
          __VUE_OPTIONS_API__: true,
          __VUE_PROD_DEVTOOLS__: false,
          __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: false,
        },
        // Named here, because a dependency found only while the tests run reloads the page.
        optimizeDeps: {
          include: [
            'eventsource-parser',
            'fast-check',
            'react',
            'react-dom',
            'react-dom/client',
            'react-dom/server',
            'vue',
            'vue/server-renderer',
          ],
        },
        test: {
          name: 'chromium',
          include: ['test/**/*.test.ts'],
          exclude: nodeOnly,
          globalSetup: 'test/browser/server.ts',
          isolate: false,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({ launchOptions: await chromiumOptions() }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
    ],
  },
})
