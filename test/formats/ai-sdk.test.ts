import { aiSdkFixtures } from '../fixtures/ai-sdk.ts'
import { testTable } from '../helpers/table.ts'

testTable(aiSdkFixtures)
