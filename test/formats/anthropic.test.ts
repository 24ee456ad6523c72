import { anthropicFixtures } from '../fixtures/anthropic.ts'
import { testTable } from '../helpers/table.ts'

testTable(anthropicFixtures)
