import { performance } from 'node:perf_hooks'
import { setTimeout as wait } from 'node:timers/promises'

/** What a piece of work cost. */
export interface Cost {
  ms: number
  /**
   * The longest work of this thread within one turn of the event loop, in milliseconds of processor
   * time: what other programs take away from it does not count.
   */
  blockedMs: number
  /** The longest time from one turn to the next, in milliseconds: there it does. */
  turnMs: number
  /** By how much the memory of the process was larger at its largest than before, in MiB. */
  peakMiB: number
  /** By how much the heap, buffers included, is larger afterwards, in MiB. */
  heapMiB: number
}

const MiB = 1024 * 1024

/** Measures a piece of work, with a clock that ticks every turn of the event loop. */
export async function measure(work: () => Promise<unknown>): Promise<Cost> {
  await collectGarbage()
  const heapBefore = heapSize()
  const before = process.memoryUsage.rss()
  let blockedMs = 0
  let turnMs = 0
  let peak = before
  let last = performance.now()
  let lastCpu = cpuMs()
  let isOver = false
  const tick = (): void => {
    const now = performance.now()
    const cpu = cpuMs()
    turnMs = Math.max(turnMs, now - last)
    blockedMs = Math.max(blockedMs, cpu - lastCpu)
    last = now
    lastCpu = cpu
    peak = Math.max(peak, process.memoryUsage.rss())
    if (!isOver) setImmediate(tick)
  }
  setImmediate(tick)
  const start = performance.now()
  await work()
  const ms = performance.now() - start
  isOver = true
  await collectGarbage()
  const heapMiB = (heapSize() - heapBefore) / MiB
  return { ms, blockedMs, turnMs, peakMiB: (peak - before) / MiB, heapMiB }
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

function heapSize(): number {
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/**
 * Only with `node --expose-gc`, so that what is left is not merely what nobody has collected. What
 * lies outside the heap goes some turns after what refers to it.
 */
async function collectGarbage(): Promise<void> {
  for (let round = 0; round < 4; round++) {
    await wait(50)
    globalThis.gc?.()
  }
}
