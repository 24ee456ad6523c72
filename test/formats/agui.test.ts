import { aguiFixtures } from '../fixtures/agui.ts'
import { testTable } from '../helpers/table.ts'

testTable(aguiFixtures)
