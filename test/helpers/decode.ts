import type { SseEvent } from 'chatwire'
import { createSseDecoder } from 'chatwire'

export interface DecodeOptions {
  maxEventSize?: number
  lenientEnd?: boolean
}

export interface Decoded {
  events: SseEvent[]
  retries: number[]
  comments: string[]
}

/** Decodes chunks to the end of the body. */
export function decode(
  chunks: Iterable<Uint8Array | string>,
  options: DecodeOptions = {},
): Decoded {
  const { error, ...decoded } = tryDecode(chunks, options)
  if (error !== undefined) throw error
  return decoded
}

/** The same, but an error of the decoder is part of the outcome, after what came before it. */
export function tryDecode(
  chunks: Iterable<Uint8Array | string>,
  options: DecodeOptions = {},
): Decoded & { error?: unknown } {
  const decoded: Decoded = { events: [], retries: [], comments: [] }
  const decoder = createSseDecoder({
    ...options,
    onComment: (text) => decoded.comments.push(text),
    onReconnectionTime: (ms) => decoded.retries.push(ms),
  })
  // A copy, so that a decoder that reused its object would be found out.
  const emit = (event: SseEvent) => decoded.events.push({ ...event })
  try {
    for (const chunk of chunks) decoder.push(chunk, emit)
    decoder.end(emit)
  } catch (error) {
    return { ...decoded, error }
  }
  return decoded
}
