// Prints an answer that comes over a WebSocket. Ctrl-C stops it.
// Run `npx node examples/servers/websocket.ts`, and beside it:
// npm run build && npx node examples/node/websocket.ts [url]
import { readChat } from 'chatwire'
import { messagesOf } from './websocket-messages.ts'

const { CHAT_URL = 'ws://127.0.0.1:8788' } = process.env
const url = process.argv[2] ?? CHAT_URL
const question = { messages: [{ role: 'user', content: 'How does an answer reach my screen?' }] }

const stop = new AbortController()
process.once('SIGINT', () => stop.abort())

const socket = new WebSocket(url)
socket.addEventListener('open', () => socket.send(JSON.stringify(question)))

// A socket that closes before the end marker, such as {type: 'done'}, is an error of code truncated.
const options = { signal: stop.signal, requireEnd: true }
for await (const event of readChat(messagesOf(socket), options)) {
  if (event.type === 'text') process.stdout.write(event.text)
  if (event.type === 'error') {
    console.error(`\n${event.error.code}: ${event.error.message}`)
    process.exitCode = 1
  }
  if (event.type === 'done' && event.finishReason === 'aborted') process.exitCode = 130
}
