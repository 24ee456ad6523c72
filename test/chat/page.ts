import { onTestFinished, vi } from 'vitest'

/** Replaces a global for the rest of the test. */
export function stub(name: string, value: unknown): void {
  vi.stubGlobal(name, value)
  onTestFinished(() => {
    vi.unstubAllGlobals()
  })
}

/** Says whether the page is hidden, for the rest of the test. */
export function setHidden(hidden: boolean): void {
  // A browser's document cannot be replaced, but for this property.
  if (typeof window === 'undefined') return stub('document', { hidden })
  Object.defineProperty(document, 'hidden', { configurable: true, value: hidden })
  onTestFinished(() => {
    Reflect.deleteProperty(document, 'hidden')
  })
}

/** A page that draws a frame only when told to. */
export interface FakePage {
  draw(): void
  /** How many callbacks wait for a frame. */
  waiting(): number
}

/** Replaces the drawing of frames for the rest of the test. */
export function fakePage(hidden: boolean): FakePage {
  const frames = new Map<number, () => void>()
  let count = 0
  setHidden(hidden)
  stub('requestAnimationFrame', (callback: () => void) => {
    count += 1
    frames.set(count, callback)
    return count
  })
  stub('cancelAnimationFrame', (id: number) => frames.delete(id))
  return {
    waiting: () => frames.size,
    draw() {
      for (const [id, callback] of [...frames]) {
        frames.delete(id)
        callback()
      }
    },
  }
}
