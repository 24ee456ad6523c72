// Prints an answer as it comes, one event a line: whole words, and never a part of one.
// Run `npm run demo`, and beside it: npm run build && npx node examples/node/words.ts [url]
import { streamChat } from 'chatwire'

const { CHAT_URL = 'http://127.0.0.1:8787/api/chat' } = process.env
const url = process.argv[2] ?? CHAT_URL
const json = { messages: [{ role: 'user', content: 'How does an answer reach my screen?' }] }

// Words as Chinese and Japanese readers know them, too, and never half of an emoji.
for await (const event of streamChat({ url, json, buffer: 'word' })) {
  if (event.type === 'text') console.log(JSON.stringify(event.text))
  if (event.type === 'error') {
    console.error(`${event.error.code}: ${event.error.message}`)
    process.exitCode = 1
  }
}
