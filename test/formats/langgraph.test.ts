import { langgraphFixtures } from '../fixtures/langgraph.ts'
import { testTable } from '../helpers/table.ts'

testTable(langgraphFixtures)
