import { bufferEvents } from '../buffer/buffer-events.ts'
import { type BufferSpec, resolveBuffer } from '../buffer/text-buffer.ts'
import type { ContentEvent } from '../chat-event.ts'
import { watchdog } from '../transport/watchdog.ts'

/** Text that is held back for rendering. */
export interface HoldBack {
  push(event: ContentEvent): void
  /** Lets go of everything: the answer is over. */
  end(): void
}

/**
 * What the `buffer` option of a stream does, but in the store's hands: a stopped stream hands out
 * nothing more, and what it held would be lost.
 *
 * @param add - Takes what is let go.
 * @param onRelease - Called when text was let go because no more came for a while.
 */
export function holdBack(
  spec: BufferSpec,
  add: (event: ContentEvent) => void,
  onRelease: () => void,
): HoldBack {
  const options = resolveBuffer(spec)
  const units = bufferEvents<ContentEvent>(options)
  // 0 turns a watchdog off, but holds nothing here.
  const quiet = watchdog(Math.max(options.maxHoldMs, 1), () => {
    units.release(add)
    onRelease()
  })
  return {
    push(event) {
      units.push(event, add)
      if (units.isHolding()) quiet.touch()
      else quiet.stop()
    },
    end() {
      quiet.stop()
      units.end(add)
    },
  }
}
