import { describe, test } from 'vitest'
import { play } from './harness.ts'
import { scenarios } from './scenarios.ts'

for (const [title, rows] of Object.entries(scenarios)) {
  describe.concurrent(title, () => {
    for (const row of rows) test(row.rule, () => play(row))
  })
}
