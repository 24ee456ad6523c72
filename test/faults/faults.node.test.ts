import { describe, test, vi } from 'vitest'
import { play, playRaw } from './harness.ts'
import { scenarios } from './scenarios.ts'

// They mostly wait.
vi.setConfig({ maxConcurrency: 16 })

for (const [title, rows] of Object.entries(scenarios)) {
  describe.concurrent(title, () => {
    for (const row of rows) {
      test(row.rule, async () => {
        const plays = [play(row)]
        if (row.act === undefined && row.read === undefined) {
          // Text held back for rendering changes nothing but the pieces that it comes in.
          plays.push(play(row, { buffer: 'word' }), playRaw(row))
        }
        await Promise.all(plays)
      })
    }
  })
}
