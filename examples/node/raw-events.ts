// Prints server-sent events as they are.
// Run `npm run demo`, and beside it: npm run build && npx node examples/node/raw-events.ts [url]
import { isChatError, streamEvents } from 'chatwire'

const { CHAT_URL = 'http://127.0.0.1:8787/api/chat' } = process.env
const url = process.argv[2] ?? CHAT_URL

try {
  for await (const event of streamEvents({ url, method: 'POST' })) {
    console.log(`${event.type} ${event.data}`)
  }
} catch (error) {
  if (!isChatError(error)) throw error
  console.error(`${error.code}: ${error.message}`)
  process.exitCode = 1
}
