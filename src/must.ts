/** Throws a `TypeError` with this message unless the condition holds. */
export function must(condition: unknown, message: string): asserts condition {
  if (!condition) throw new TypeError(message)
}

/** `value` if it is a number of at least `min`, `fallback` if it is absent. */
export function readNumber(name: string, value: unknown, fallback: number, min = 0): number {
  if (value === undefined) return fallback
  must(typeof value === 'number' && value >= min, `${name} must be a number >= ${min}`)
  return value
}
