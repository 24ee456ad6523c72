// What `readChat` needs to read a WebSocket: the one of browsers, Node, Deno, Bun or React Native.

/**
 * The messages of a socket from now on, text or binary. Whoever stops reading closes the socket. A
 * socket that closes just ends the stream, so that no message before it is lost; that the answer was
 * not over by then is told by `readChat` with `requireEnd`.
 */
export function messagesOf(socket: WebSocket): ReadableStream<string | Uint8Array> {
  socket.binaryType = 'arraybuffer'
  return new ReadableStream({
    start(controller) {
      socket.onmessage = ({ data }) => {
        controller.enqueue(typeof data === 'string' ? data : new Uint8Array(data))
      }
      socket.onclose = () => controller.close()
      // An open socket that fails also closes, which is enough.
      socket.onopen = () => {
        socket.onerror = null
      }
      socket.onerror = () => {
        socket.onclose = null
        controller.error(new Error('The WebSocket could not be opened.'))
      }
    },
    cancel() {
      socket.onmessage = socket.onclose = socket.onopen = socket.onerror = null
      socket.close()
    },
  })
}
