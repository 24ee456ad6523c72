import { ChatError } from '../errors.ts'
import type { Stage } from '../stage.ts'

const STREAM = { stream: true }

/**
 * Bytes (or text) → text. Characters cut by a chunk boundary are joined, invalid bytes become
 * U+FFFD, and one byte order mark at the very start is dropped.
 *
 * The mark is dropped here and not by `TextDecoder`, because Deno's drops one at the start of every
 * chunk (measured, 2.9.6).
 */
export function decodeUtf8(): Stage<Uint8Array | string, string> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  let atStart = true

  function handOn(text: string, emit: (text: string) => void): void {
    if (text === '') return
    if (atStart) {
      atStart = false
      if (text.charCodeAt(0) === 0xfeff) return handOn(text.slice(1), emit)
    }
    emit(text)
  }

  return {
    push(chunk, emit) {
      // A character that a string interrupts can no longer be completed: flush it first.
      if (typeof chunk === 'string') return handOn(decoder.decode() + chunk, emit)
      if (!ArrayBuffer.isView(chunk) && !((chunk as unknown) instanceof ArrayBuffer)) {
        throw new ChatError(
          'callback',
          `A chunk of the body is ${typeof chunk}, not bytes or text.`,
        )
      }
      handOn(decoder.decode(chunk, STREAM), emit)
    },
    end(emit) {
      handOn(decoder.decode(), emit)
    },
  }
}
