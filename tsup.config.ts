import { defineConfig } from 'tsup'

export default defineConfig({
  // Frameworks are peers, and peers are not bundled.
  entry: [
    'src/index.ts',
    'src/core.ts',
    'src/formats.ts',
    'src/server.ts',
    'src/chat.ts',
    'src/chat-core.ts',
    'src/adapters/*.ts',
    'src/server.ts',
  ],
  format: 'esm',
  target: 'es2022',
  // Shared chunks: without them each entry would carry a `ChatError` of its own.
  splitting: true,
  // The sources are in the package: a debugger finds them there, so the maps need no copy of them.
  sourcemap: true,
  esbuildOptions(options) {
    options.sourcesContent = false
  },
  // The caller's bundler minifies; stack traces of those who have none stay readable.
  minify: false,
  clean: true,
})
