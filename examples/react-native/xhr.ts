// A `fetch` for React Native, whose own one hands out the body only when it is over. XMLHttpRequest
// shows the text while it grows. Copy this file, then:
//
//   streamChat({ url, json, fetch: xhrFetch })
//
// The answer is kept as one string until it is over: fine for a chat, not for endless streams.

export const xhrFetch: typeof fetch = (input, init = {}) =>
  new Promise((resolve, reject) => {
    const { method = 'GET', headers, body = null, signal, credentials } = init
    if (typeof input === 'object' && 'headers' in input) throw new TypeError('Give a URL')
    if (body !== null && typeof body !== 'string') throw new TypeError('The body must be text')
    signal?.throwIfAborted()

    const xhr = new XMLHttpRequest()
    const text = growingText(() => xhr.abort())
    const abort = () => xhr.abort()

    xhr.onreadystatechange = () => {
      if (xhr.readyState === xhr.HEADERS_RECEIVED) resolve(responseOf(xhr, text))
      // After a failure the text is gone; what was seen of it counts.
      else if (xhr.readyState === xhr.LOADING) text.grow(xhr.responseText)
    }
    xhr.onprogress = () => text.grow(xhr.responseText)
    xhr.onload = () => {
      text.grow(xhr.responseText)
      text.end()
    }
    xhr.onerror = xhr.onabort = () => {
      const failure: unknown = signal?.aborted ? signal.reason : new TypeError('Network failure')
      // Whichever comes too late changes nothing.
      reject(failure)
      text.end(failure)
    }
    xhr.onloadend = () => signal?.removeEventListener('abort', abort)
    signal?.addEventListener('abort', abort)

    xhr.open(method, String(input))
    xhr.withCredentials = credentials === 'include'
    new Headers(headers).forEach((value, name) => {
      xhr.setRequestHeader(name, value)
    })
    xhr.send(body)
  })

/** A response with the status and the headers of `xhr`, and a body that is text instead of bytes. */
function responseOf(xhr: XMLHttpRequest, body: AsyncIterable<string>): Response {
  const headers = new Headers()
  for (const line of xhr
    .getAllResponseHeaders()
    .trim()
    .split(/[\r\n]+/)) {
    const [name = '', ...value] = line.split(':')
    if (name !== '') headers.append(name.trim(), value.join(':').trim())
  }
  const response = new Response(null, { status: xhr.status, headers })
  return Object.defineProperty(response, 'body', { value: body })
}

interface GrowingText extends AsyncIterableIterator<string> {
  /** Takes all the text there is so far. */
  grow(all: string): void
  /** No more comes, because of `failure` if there is one. */
  end(failure?: unknown): void
}

/** Text that grows, in pieces; `leave` is called when its reader leaves early. */
function growingText(leave: () => void): GrowingText {
  let all = ''
  let read = 0
  let over: { failure?: unknown } | undefined
  let wake = (): void => {}

  return {
    [Symbol.asyncIterator]() {
      return this
    },
    async next() {
      while (read === all.length && over === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      if (read < all.length) {
        const value = all.slice(read)
        read = all.length
        return { done: false, value }
      }
      if (over?.failure !== undefined) throw over.failure
      return { done: true, value: undefined }
    },
    async return() {
      leave()
      return { done: true, value: undefined }
    },
    grow(text) {
      all = text
      wake()
    },
    end(failure) {
      over ??= { failure }
      wake()
    },
  }
}
