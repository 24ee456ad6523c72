/**
 * Makes the declarations in dist/ import each other by `.js`. TypeScript rewrites the extensions of
 * relative imports in JavaScript only; it resolves `.ts` in declarations, other tools may not.
 */
import { glob, readFile, writeFile } from 'node:fs/promises'

for await (const file of glob('dist/**/*.d.ts')) {
  const code = await readFile(file, 'utf8')
  // Same length, so the declaration maps stay right.
  await writeFile(file, code.replace(/(?<=(?:from|import\() ?'\.[^']*)\.ts(?=')/g, '.js'))
}
