import { geminiInteractionsFixtures } from '../fixtures/gemini-interactions.ts'
import { testTable } from '../helpers/table.ts'

testTable(geminiInteractionsFixtures)
