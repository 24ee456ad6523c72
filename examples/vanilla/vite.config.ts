// Run `npm run demo`, and beside it: npm run build && npx vite examples/vanilla
import { defineConfig } from 'vite'

export default defineConfig({
  server: { proxy: { '/api': 'http://127.0.0.1:8787' } },
})
