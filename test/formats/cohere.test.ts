import { cohereFixtures } from '../fixtures/cohere.ts'
import { testTable } from '../helpers/table.ts'

testTable(cohereFixtures)
