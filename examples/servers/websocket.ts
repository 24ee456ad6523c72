// A chat over a WebSocket: one JSON message for each piece of the answer.
// Run `npx node examples/servers/websocket.ts`, and beside it:
// npm run build && npx node examples/node/websocket.ts ws://127.0.0.1:8788
import { setTimeout as wait } from 'node:timers/promises'
import { type WebSocket, WebSocketServer } from 'ws'

/** What a model says to the messages of a chat, until the signal says that nobody listens. */
export type Respond = (messages: unknown[], signal: AbortSignal) => AsyncIterable<string>

/** Answers the first message of a socket, then closes it. */
export function chat(respond: Respond): (socket: WebSocket) => void {
  return (socket) => {
    const left = new AbortController()
    const send = (payload: object) => socket.send(JSON.stringify(payload))
    socket.on('close', () => left.abort())
    // A reader may vanish at any time; `close` follows.
    socket.on('error', () => undefined)
    socket.once('message', async (message) => {
      try {
        const { messages } = JSON.parse(message.toString())
        for await (const text of respond(messages, left.signal)) send({ type: 'chunk', text })
        send({ type: 'done' })
      } catch (error) {
        if (left.signal.aborted) return
        console.error(error)
        send({ type: 'error', message: 'The model failed.' })
      }
      socket.close()
    })
  }
}

/** Stands in for a model. */
async function* greeting(_messages: unknown[], signal: AbortSignal): AsyncGenerator<string> {
  for (const word of ['Hello ', 'from ', 'a ', 'socket.']) {
    await wait(50, undefined, { signal })
    yield word
  }
}

if (import.meta.main) {
  new WebSocketServer({ host: '127.0.0.1', port: 8788 }).on('connection', chat(greeting))
}
