import { describe, test } from 'vitest'
import { play } from './harness.ts'
import { scenarios } from './scenarios.ts'

for (const [title, rows] of Object.entries(scenarios)) {
  describe.concurrent(title, () => {
    for (const row of rows) {
      test(row.rule, async () => {
        await play(row)
        // Text held back for rendering changes nothing but the pieces that it comes in.
        if (row.act === undefined && row.read === undefined) await play(row, { buffer: 'word' })
      })
    }
  })
}
