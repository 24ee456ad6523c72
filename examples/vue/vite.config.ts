// Run `npm run demo`, and beside it: npm run build && npx vite examples/vue
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

export default defineConfig({
  plugins: [vue()],
  server: { proxy: { '/api': 'http://127.0.0.1:8787' } },
})
