import { sse, utf8 } from '../helpers/encode.ts'

/** Where requests of these tests go: nowhere, because `fetch` is injected. */
export const url = 'https://chat.test/answer'

export interface Feed {
  /** Answers with a body that the test writes as it goes. It does not listen to its signal. */
  readonly fetch: typeof fetch
  /** The arguments of each call of `fetch`. */
  readonly calls: { input: string | URL | Request; init: RequestInit }[]
  /** Writes one chunk for each part; a part that is an array is a chunk of frames. */
  send(...parts: (string | Uint8Array | readonly unknown[])[]): void
  end(): void
  fail(error: unknown): void
  /** The reasons with which the body was cancelled. */
  readonly cancels: unknown[]
  /** How many chunks were asked for. */
  pulls(): number
}

export interface FeedOptions {
  status?: number
  headers?: Record<string, string>
}

export function feed(options: FeedOptions = {}): Feed {
  const { status = 200, headers = { 'content-type': 'text/event-stream' } } = options
  let body: ReadableStreamDefaultController<Uint8Array> | undefined
  let pulls = 0
  const cancels: unknown[] = []
  const calls: Feed['calls'] = []
  const stream = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        body = controller
      },
      pull() {
        pulls += 1
      },
      cancel(reason) {
        cancels.push(reason)
      },
    },
    { highWaterMark: 0 },
  )
  return {
    calls,
    cancels,
    pulls: () => pulls,
    async fetch(input, init = {}) {
      calls.push({ input, init })
      return new Response(stream, { status, headers })
    },
    send(...parts) {
      for (const part of parts) {
        if (part instanceof Uint8Array) body?.enqueue(part)
        else body?.enqueue(utf8(typeof part === 'string' ? part : sse(part)))
      }
    },
    end: () => body?.close(),
    fail: (error) => body?.error(error),
  }
}

/** A piece of text as an OpenAI-compatible server sends it; a format that marks its end. */
export function delta(content: string): unknown {
  return { object: 'chat.completion.chunk', choices: [{ index: 0, delta: { content } }] }
}

/** The frame with which such a server says why the answer finished. */
export function finish(reason: string): unknown {
  return {
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta: {}, finish_reason: reason }],
  }
}

/** A fetch that never answers; it rejects when it is aborted, as the real one does. */
export const silentFetch: typeof fetch = (_input, init) =>
  new Promise((_resolve, reject) => {
    init?.signal?.addEventListener('abort', () => reject(init.signal?.reason))
  })

/** A fetch that never settles, not even when it is aborted. */
export const deafFetch: typeof fetch = () => new Promise(() => {})

/** An `AbortController` that knows how many listeners of its signal are left. */
export interface WatchedAbort extends AbortController {
  listeners(): number
  /** How many were ever added. */
  added(): number
}

export function watchedAbort(): WatchedAbort {
  const controller = new AbortController()
  const { signal } = controller
  const { addEventListener, removeEventListener } = signal
  const present = new Set<unknown>()
  let added = 0
  Object.assign(signal, {
    addEventListener(...args: Parameters<typeof addEventListener>) {
      present.add(args[1])
      added += 1
      addEventListener.apply(signal, args)
    },
    removeEventListener(...args: Parameters<typeof removeEventListener>) {
      present.delete(args[1])
      removeEventListener.apply(signal, args)
    },
  })
  return Object.assign(controller, { listeners: () => present.size, added: () => added })
}
