import type { Stage } from '../stage.ts'
import { frameOf } from './lines.ts'
import type { SseEvent } from './sse.ts'

/** A raw text body → frames: each piece as it arrives. Nothing is held. */
export function passText(): Stage<string, SseEvent> {
  return {
    push(text, emit) {
      emit(frameOf(text))
    },
    end() {},
  }
}
