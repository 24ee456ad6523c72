import { geminiFixtures } from '../fixtures/gemini.ts'
import { testTable } from '../helpers/table.ts'

testTable(geminiFixtures)
