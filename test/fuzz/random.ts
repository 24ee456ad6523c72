/** Random decisions that a seed repeats. */
export interface Random {
  /** A whole number, 0 <= n < `limit`. */
  below(limit: number): number
  /** Whether something of this probability happens. */
  chance(probability: number): boolean
  pick<T>(items: readonly [T, ...T[]]): T
  /** Each item with a weight of its own. */
  weighted<T>(items: readonly (readonly [weight: number, item: T])[]): T
}

/** Mulberry32 (Tommy Ettinger): 32 bits of state, which is plenty to choose test cases. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0

  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0
    let z = state
    z = Math.imul(z ^ (z >>> 15), z | 1)
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61)
    return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32
  }

  const below = (limit: number): number => Math.floor(next() * limit)
  return {
    below,
    chance: (probability) => next() < probability,
    pick: (items) => items[below(items.length)] ?? items[0],
    weighted(items) {
      let at = next() * items.reduce((sum, [weight]) => sum + weight, 0)
      for (const [weight, item] of items) {
        at -= weight
        if (at < 0) return item
      }
      throw new Error('nothing to choose from')
    },
  }
}
