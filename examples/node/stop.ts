// Ctrl-C stops the answer and keeps its text.
// Run `npm run demo`, and beside it: npm run build && npx node examples/node/stop.ts [url]
import { streamChat } from 'chatwire'

const { CHAT_URL = 'http://127.0.0.1:8787/api/chat' } = process.env
const url = process.argv[2] ?? CHAT_URL
const json = { messages: [{ role: 'user', content: 'How does an answer reach my screen?' }] }

const stop = new AbortController()
process.once('SIGINT', () => stop.abort())

for await (const event of streamChat({ url, json, signal: stop.signal })) {
  if (event.type === 'text') process.stdout.write(event.text)
  if (event.type === 'error') {
    console.error(`\n${event.error.code}: ${event.error.message}`)
    process.exitCode = 1
  }
  // To stop is not an error: `done` comes as always, and holds all the text that had arrived.
  if (event.type === 'done' && event.finishReason === 'aborted') {
    console.error(`\nStopped, with ${event.text.length} characters kept.`)
    process.exitCode = 130
  }
}
