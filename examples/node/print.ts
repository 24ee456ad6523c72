// Prints an answer while it streams.
// Run `npm run demo`, and beside it: npm run build && npx node examples/node/print.ts [url]
import { streamChat } from 'chatwire'

const { CHAT_URL = 'http://127.0.0.1:8787/api/chat' } = process.env
const url = process.argv[2] ?? CHAT_URL
const json = { messages: [{ role: 'user', content: 'How does an answer reach my screen?' }] }

for await (const event of streamChat({ url, json })) {
  if (event.type === 'text') process.stdout.write(event.text)
  if (event.type === 'error') {
    console.error(`\n${event.error.code}: ${event.error.message}`)
    process.exitCode = 1
  }
}
