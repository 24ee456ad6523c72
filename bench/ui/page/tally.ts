import type { Line } from './conversation.ts'

/** What the page found out about one answer. Times are from the question on. */
export interface Report {
  renders: number
  /**
   * The most renders between two frames, 0 unless frames were watched. The one that shows the end
   * of the answer is not counted: it need not wait for the next frame.
   */
  mostPerFrame: number
  /** How many tasks held the main thread for 50 ms or more, and the longest of them. */
  longTasks: number
  longestMs: number
  /** Until text of the answer was painted. */
  firstTextMs: number
  /** Until all of it was in the document. */
  finishedMs: number
  text: string
}

export interface Tally {
  /** To be called at each render. */
  render(): void
  /** To be called when the document has changed, with the last line of the conversation. */
  commit(last: Line | undefined): void
  /** Asks by calling `ask`; resolves when the answer is there and the page has come to rest. */
  measure(ask: () => void): Promise<Report>
}

/**
 * @param length - The length of the whole answer.
 * @param watchFrames - Whether to tell renders in one frame from those in the next, which keeps the
 * page drawing: times are not to be taken from such a run.
 */
export function createTally(length: number, watchFrames: boolean): Tally {
  const perFrame = new Map<number, number>()
  let renders = 0
  let frame = 0
  let finishedAt = 0
  let onFinished: (() => void) | undefined

  return {
    render() {
      renders += 1
      if (!watchFrames || finishedAt > 0) return
      // The time of the frame that is being drawn, or was drawn last.
      frame = Number(document.timeline.currentTime)
      perFrame.set(frame, (perFrame.get(frame) ?? 0) + 1)
    },
    commit(last) {
      if (last?.role !== 'assistant' || last.text.length !== length || finishedAt > 0) return
      finishedAt = performance.now()
      perFrame.set(frame, (perFrame.get(frame) ?? 0) - 1)
      onFinished?.()
    },
    async measure(ask) {
      const tasks: number[] = []
      const longTasks = observe('longtask', ({ duration }) => tasks.push(duration))
      let firstTextAt = 0
      const paints = observe('element', (entry) => {
        const { identifier, renderTime } = entry as PerformanceEntry & Painted
        if (identifier === 'answer') firstTextAt ||= renderTime
      })
      const finished = new Promise<void>((resolve) => {
        onFinished = resolve
      })
      if (watchFrames) keepDrawing()
      renders = 0
      perFrame.clear()
      const askedAt = performance.now()
      ask()
      await finished
      // What the end of the answer brings with it: a change of status, a last painting.
      await new Promise((resolve) => setTimeout(resolve, 200))
      longTasks.disconnect()
      paints.disconnect()
      return {
        renders,
        mostPerFrame: Math.max(0, ...perFrame.values()),
        longTasks: tasks.length,
        longestMs: Math.max(0, ...tasks),
        firstTextMs: firstTextAt - askedAt,
        finishedMs: finishedAt - askedAt,
        text: document.querySelector('[elementtiming=answer]')?.textContent ?? '',
      }
    },
  }
}

/** What TypeScript does not know of the Element Timing API. */
interface Painted {
  identifier: string
  renderTime: number
}

function observe(type: string, onEntry: (entry: PerformanceEntry) => void): PerformanceObserver {
  const observer = new PerformanceObserver((list) => list.getEntries().forEach(onEntry))
  observer.observe({ type })
  return observer
}

function keepDrawing(): void {
  requestAnimationFrame(keepDrawing)
}
