// Run `npm run demo`, and beside it: npm run build && npx vite examples/svelte
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vite'

export default defineConfig({
  plugins: [svelte()],
  server: { proxy: { '/api': 'http://127.0.0.1:8787' } },
})
