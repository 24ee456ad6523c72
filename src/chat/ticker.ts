import { must } from '../must.ts'

/**
 * When listeners are told about an answer that streams: `'frame'`, before the next drawn frame, and
 * for text that is not paced before every other one; `'sync'`, at every event; or at most once in so
 * many milliseconds, up to 24 days.
 */
export type Notify = 'frame' | 'sync' | { throttleMs: number }

/** Calls back once for any number of requests. */
export interface Ticker {
  request(): void
  cancel(): void
}

/** A frame where none is drawn: in a hidden tab, or outside a browser. */
const FRAME_MS = 16

/**
 * How long to wait for a frame. Browsers draw none in hidden tabs, and not always in covered
 * windows, in frames out of view, or when the tab is hidden after the frame was asked for.
 */
const LATE_FRAME_MS = 100

/**
 * The least time between two ticks for frames: every other one at 60 a second. To draw text costs
 * more than all else (measured: bench/ui), and more than 30 steps a second are not seen as smoother.
 */
const FRAME_GAP_MS = 28

/**
 * Creates a ticker. It holds a timer only between a request and its tick.
 *
 * @param isPaced - Whether text moves evenly: then `'frame'` means each of them, and so does `'sync'`.
 */
export function createTicker(notify: Notify, tick: () => void, isPaced: boolean): Ticker {
  const throttleMs = typeof notify === 'object' ? notify.throttleMs : undefined
  // Timers take no longer delay.
  const isThrottle = Number(throttleMs) >= 0 && Number(throttleMs) < 2 ** 31
  must(
    notify === 'frame' || notify === 'sync' || isThrottle,
    "notify must be 'frame', 'sync' or { throttleMs }",
  )
  const gapMs = throttleMs ?? (isPaced ? 0 : FRAME_GAP_MS)
  let timer: ReturnType<typeof setTimeout> | undefined
  let frame: number | undefined
  let firedAt = -Infinity

  function cancel(): void {
    clearTimeout(timer)
    if (frame !== undefined) cancelAnimationFrame(frame)
    timer = frame = undefined
  }

  function fire(): void {
    cancel()
    firedAt = performance.now()
    tick()
  }

  function waitForFrame(): void {
    frame = isHidden() ? undefined : globalThis.requestAnimationFrame?.(fire)
    timer = setTimeout(fire, frame === undefined ? FRAME_MS : LATE_FRAME_MS)
  }

  return {
    cancel,
    request() {
      if (notify === 'sync' && !isPaced) return tick()
      if (timer !== undefined) return
      const waitMs = firedAt + gapMs - performance.now()
      if (throttleMs !== undefined) timer = setTimeout(fire, Math.max(waitMs, 0))
      else if (waitMs > 0) timer = setTimeout(waitForFrame, waitMs)
      else waitForFrame()
    },
  }
}

/** Whether nobody sees the page. */
export function isHidden(): boolean {
  return globalThis.document?.hidden === true
}
