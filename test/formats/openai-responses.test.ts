import { openaiResponsesFixtures } from '../fixtures/openai-responses.ts'
import { testTable } from '../helpers/table.ts'

testTable(openaiResponsesFixtures)
