import { plainFixtures } from '../fixtures/plain.ts'
import { testTable } from '../helpers/table.ts'

testTable(plainFixtures)
