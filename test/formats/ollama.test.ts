import { ollamaFixtures } from '../fixtures/ollama.ts'
import { testTable } from '../helpers/table.ts'

testTable(ollamaFixtures)
