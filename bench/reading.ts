/** One reading: from a response whose bytes are there to the check of what came out. */
import { cpuMs } from './measure.ts'
import type { Reader } from './readers/index.ts'

const init = { headers: { 'content-type': 'text/event-stream; charset=utf-8' } }

/** A response with these chunks, as fast as they are read. */
export function responseOf(chunks: Iterable<Uint8Array>, atEnd?: () => void): Response {
  const iterator = chunks[Symbol.iterator]()
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const { done, value } = iterator.next()
      if (!done) return controller.enqueue(value)
      atEnd?.()
      controller.close()
    },
  })
  return new Response(body, init)
}

/** A response whose chunks are sent when the caller says so. */
export function openResponse() {
  let sender: ReadableStreamDefaultController<Uint8Array> | undefined
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      sender = controller
    },
    // A reader may leave at the end marker.
    cancel() {
      sender = undefined
    },
  })
  return {
    response: new Response(body, init),
    send: (chunk: Uint8Array): void => sender?.enqueue(chunk),
    end: (): void => sender?.close(),
  }
}

/** Reads a response; what it resolves to throws unless exactly `expected` was read. */
export async function readAll(
  reader: Reader,
  response: Response,
  expected: string,
): Promise<() => void> {
  let all = ''
  const account = await reader.read(response, (piece) => {
    all += piece
  })
  // Compared later: two strings made of 10,000 pieces each take a while to compare.
  return () => {
    if (all !== expected || (account ?? all) !== expected) {
      throw new Error(`${reader.name} returned something else than was written.`)
    }
  }
}

/** The milliseconds that it takes to read these chunks. */
export async function timeOf(
  reader: Reader,
  chunks: Iterable<Uint8Array>,
  expected: string,
): Promise<number> {
  const response = responseOf(chunks)
  const start = cpuMs()
  const check = await readAll(reader, response, expected)
  const ms = cpuMs() - start
  check()
  return ms
}
