/**
 * How time is measured on a machine that has other things to do: as CPU time of the thread, which
 * stands still while others run, in many short rounds, of which the lower quartile counts, because
 * others can only make a round longer.
 */

/** What takes part: its readings, one after the other, each with the milliseconds that it took. */
export interface Contestant {
  name: string
  run(): Promise<number>
}

/** One column of a table: a figure for each row, and the smaller the better. */
export interface Column {
  /** The case, in one or two words with a slash between them. */
  name: string
  figures: Map<string, number>
  /** What the floor read in a second, where the figures are multiples of its time. */
  eventsPerSecond?: number
  /** The row of chatwire that is compared with the best other, unless it is `streamChat`. */
  ours?: string
}

const WARMUP_ROUNDS = 12
const MAX_WARMUP_MS = 200
const MIN_ROUNDS = 8
/** How long each contestant runs in a round, at least: long enough to pay for its own garbage. */
const MIN_TURN_MS = 20
/** A contestant whose reading takes longer sits rounds out. */
const MAX_TURN_MS = 100

/** The CPU time of this thread so far. */
export function cpuMs(): number {
  // Linux counts a thread's time by its ticks of 4 ms, but brings the count of the thread that asks
  // for the whole process up to date.
  process.cpuUsage()
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

function shuffled<T>(values: T[]): T[] {
  return values
    .map((value) => ({ value, key: Math.random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ value }) => value)
}

export function quantile(values: number[], at: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(at * (sorted.length - 1))] ?? Number.NaN
}

/**
 * The milliseconds of one reading, by name, after so many seconds of CPU time. Each round has another order, so that what disturbs the
 * machine for a while disturbs all alike.
 */
export async function measure(
  contestants: Contestant[],
  seconds: number,
): Promise<Map<string, number>> {
  const warmups = new Map(contestants.map((contestant) => [contestant, [] as number[]]))
  for (let i = 0; i < WARMUP_ROUNDS; i++) {
    for (const [contestant, times] of warmups) {
      const spent = times.reduce((sum, ms) => sum + ms, 0)
      if (spent < MAX_WARMUP_MS) times.push(await contestant.run())
    }
  }

  const rounds = [...warmups].map(([contestant, warmup]) => {
    const ms = Math.min(...warmup)
    const readings = Math.ceil(MIN_TURN_MS / ms)
    const every = Math.ceil(ms / MAX_TURN_MS)
    return { contestant, warmup, readings, every, times: [] as number[] }
  })
  const end = cpuMs() + seconds * 1000
  for (let round = 0; round < MIN_ROUNDS || cpuMs() < end; round++) {
    for (const { contestant, readings, every, times } of shuffled(rounds)) {
      if ((round + 1) % every !== 0) continue
      let ms = 0
      for (let i = 0; i < readings; i++) ms += await contestant.run()
      times.push(ms / readings)
    }
  }
  const figures = rounds.map(({ contestant, warmup, times }): [string, number] => {
    // One so slow that its turn never came has taken seconds before.
    return [contestant.name, quantile(times.length > 0 ? times : warmup, 0.25)]
  })
  return new Map(figures)
}
