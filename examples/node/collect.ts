// Waits for the whole answer.
// Run `npm run demo`, and beside it: npm run build && npx node examples/node/collect.ts [url]
import { collect, isChatError, streamChat } from 'chatwire'

const { CHAT_URL = 'http://127.0.0.1:8787/api/chat' } = process.env
const url = process.argv[2] ?? CHAT_URL
const json = { messages: [{ role: 'user', content: 'How does an answer reach my screen?' }] }

try {
  const { text, finishReason, usage } = await collect(streamChat({ url, json }))
  console.log(text)
  console.error(`${finishReason}, ${usage?.outputTokens ?? 'unknown'} tokens`)
} catch (error) {
  if (!isChatError(error)) throw error
  // An error does not lose what came before it.
  console.log(error.result?.text ?? '')
  console.error(`${error.code}: ${error.message}`)
  process.exitCode = 1
}
