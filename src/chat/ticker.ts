import { must } from '../must.ts'

/**
 * When listeners are told about an answer that streams: `'frame'`, before the next drawn frame;
 * `'sync'`, at every event; or at most once in so many milliseconds.
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

/** Creates a ticker. It holds a timer only between a request and its tick. */
export function createTicker(notify: Notify, tick: () => void): Ticker {
  const throttleMs = typeof notify === 'object' ? notify.throttleMs : undefined
  must(
    notify === 'frame' || notify === 'sync' || (throttleMs !== undefined && throttleMs >= 0),
    "notify must be 'frame', 'sync' or { throttleMs }",
  )
  let timer: ReturnType<typeof setTimeout> | undefined
  let frame: number | undefined

  function cancel(): void {
    clearTimeout(timer)
    if (frame !== undefined) cancelAnimationFrame(frame)
    timer = frame = undefined
  }

  function fire(): void {
    cancel()
    tick()
  }

  return {
    cancel,
    request() {
      if (notify === 'sync') return tick()
      if (timer !== undefined) return
      const draws = typeof requestAnimationFrame === 'function' && !isHidden()
      if (throttleMs === undefined && draws) frame = requestAnimationFrame(fire)
      timer = setTimeout(fire, throttleMs ?? (draws ? LATE_FRAME_MS : FRAME_MS))
    },
  }
}

/** Whether nobody sees the page. */
export function isHidden(): boolean {
  return typeof document !== 'undefined' && document.hidden
}
