import { rawTextFixtures } from '../fixtures/raw-text.ts'
import { testTable } from '../helpers/table.ts'

testTable(rawTextFixtures)
