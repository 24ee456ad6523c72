import { aiSdkDataFixtures } from '../fixtures/ai-sdk-data.ts'
import { testTable } from '../helpers/table.ts'

testTable(aiSdkDataFixtures)
