import { afterAll, beforeAll, describe, vi } from 'vitest'
import { testAnswers } from './answers.ts'
import { testFaults } from './faults.ts'
import { type OpenPage, openPage } from './open-page.ts'
import { testUse } from './use.ts'

// A busy machine needs its time to start a browser and to draw.
vi.setConfig({ testTimeout: 20_000, hookTimeout: 40_000 })

// One page for all of them: to build it and to start a browser takes longer than any test.
let open: OpenPage
beforeAll(async () => {
  open = await openPage()
})
afterAll(() => open.close())

describe('answers', () => testAnswers(() => open))
describe('faults', () => testFaults(() => open))
describe('use', () => testUse(() => open))
