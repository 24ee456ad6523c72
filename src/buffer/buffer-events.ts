import type { ChatEvent } from '../chat-event.ts'
import type { Stage } from '../stage.ts'
import { type ResolvedBuffer, timedTextBuffer } from './text-buffer.ts'

type TextType = 'text' | 'reasoning' | 'refusal'
type Emit<E> = (event: E) => void

/** A stage that holds text back, and lets it go when it is told that no more came for a while. */
export interface BufferStage<E> extends Stage<E, E> {
  /** Hands on what is held, but for half a character. */
  release(emit: Emit<E>): void
  /** Whether text is held. */
  isHolding(): boolean
}

/**
 * Buffers the text of chat events: text, reasoning and refusal alike. Whatever is held goes out
 * before any other event, and before text of another type or choice.
 */
export function bufferEvents<E extends ChatEvent>(options: ResolvedBuffer): BufferStage<E> {
  const buffer = timedTextBuffer(options)
  let type: TextType = 'text'
  let choice: number | undefined

  function handOn(text: string, emit: Emit<E>): void {
    if (text === '') return
    emit((choice === undefined ? { type, text } : { type, text, choice }) as E)
  }

  return {
    isHolding() {
      return !buffer.isEmpty()
    },
    push(event, emit) {
      if (event.type !== 'text' && event.type !== 'reasoning' && event.type !== 'refusal') {
        handOn(buffer.flush(), emit)
        return emit(event)
      }
      if (event.type !== type || event.choice !== choice) {
        handOn(buffer.flush(), emit)
        type = event.type
        choice = event.choice
      }
      handOn(buffer.push(event.text), emit)
    },
    release(emit) {
      handOn(buffer.release(), emit)
    },
    end(emit) {
      handOn(buffer.flush(), emit)
    },
  }
}
