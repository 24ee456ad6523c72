import { onTestFinished, vi } from 'vitest'
import { sse, utf8 } from '../helpers/encode.ts'

/** What a server does with one request. */
export interface Attempt {
  /** `'refused'`: no response comes. Default 200. */
  status?: number | 'refused'
  headers?: Record<string, string>
  /** The chunks of the body: frames, or text as it is. */
  body?: readonly (string | readonly unknown[])[]
  /** How the body goes on after them. Default: it ends. */
  ending?: 'ends' | 'is lost' | 'stalls'
}

export interface Attempts {
  readonly fetch: typeof fetch
  /** When each request was sent, by `performance.now()`. */
  readonly times: number[]
  readonly calls: { input: string | URL | Request; init: RequestInit }[]
  /** How many bodies were cancelled. */
  cancelled(): number
}

/** A fetch that gives each request its own answer, the last one to all that follow. */
export function attempts(...script: readonly Attempt[]): Attempts {
  const calls: Attempts['calls'] = []
  const times: number[] = []
  let cancelled = 0

  function respond({ status = 200, headers, body = [], ending = 'ends' }: Attempt): Response {
    if (status === 'refused') throw new TypeError('fetch failed')
    const chunks = body.map((part) => utf8(typeof part === 'string' ? part : sse(part)))
    const stream = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const chunk = chunks.shift()
          if (chunk !== undefined) controller.enqueue(chunk)
          else if (ending === 'ends') controller.close()
          else if (ending === 'is lost') controller.error(new TypeError('terminated'))
          else await new Promise(() => {})
        },
        cancel() {
          cancelled++
        },
      },
      { highWaterMark: 0 },
    )
    return new Response(status === 204 ? null : stream, {
      status,
      headers: { 'content-type': 'text/event-stream', ...headers },
    })
  }

  return {
    calls,
    times,
    cancelled: () => cancelled,
    async fetch(input, init = {}) {
      times.push(performance.now())
      calls.push({ input, init })
      return respond(script[calls.length - 1] ?? script.at(-1) ?? {})
    },
  }
}

/** The waits between the requests, in milliseconds. */
export function waits({ times }: Attempts): number[] {
  return times.slice(1).map((time, index) => Math.round(time - (times[index] ?? 0)))
}

/** Fixes what `Math.random()` gives for the rest of the test. */
export function fixedRandom(value: number): void {
  const random = vi.spyOn(Math, 'random').mockReturnValue(value)
  onTestFinished(() => random.mockRestore())
}
