// What `readChat` needs to read a WebSocket: the one of browsers, Node, Deno, Bun or React Native,
// which has no ReadableStream.

/**
 * The messages of a socket from now on, text or binary. Whoever stops reading closes the socket. A
 * socket that closes just ends them, so that no message before it is lost; that the answer was not
 * over by then is told by `readChat` with `requireEnd`.
 */
export function messagesOf(socket: WebSocket): AsyncIterableIterator<string | Uint8Array> {
  const waiting: (string | Uint8Array)[] = []
  let end: { failure?: Error } | undefined
  let wake = (): void => {}

  function finish(how: { failure?: Error }): void {
    end ??= how
    wake()
  }

  socket.binaryType = 'arraybuffer'
  socket.onmessage = ({ data }) => {
    waiting.push(typeof data === 'string' ? data : new Uint8Array(data))
    wake()
  }
  socket.onclose = () => finish({})
  socket.onerror = () => finish({ failure: new Error('The WebSocket could not be opened.') })
  // An open socket that fails also closes, which is enough.
  socket.onopen = () => {
    socket.onerror = null
  }

  return {
    [Symbol.asyncIterator]() {
      return this
    },
    async next() {
      while (waiting.length === 0 && end === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      const value = waiting.shift()
      if (value !== undefined) return { done: false, value }
      if (end?.failure) throw end.failure
      return { done: true, value: undefined }
    },
    async return() {
      socket.onmessage = socket.onclose = socket.onopen = socket.onerror = null
      socket.close()
      finish({})
      return { done: true, value: undefined }
    },
  }
}
