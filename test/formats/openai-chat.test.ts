import { openaiChatFixtures } from '../fixtures/openai-chat.ts'
import { testTable } from '../helpers/table.ts'

testTable(openaiChatFixtures)
