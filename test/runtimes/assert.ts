/** The few assertions that the suites need: `node:assert` is not there in a browser. */

export function ok(condition: unknown, what: string): asserts condition {
  if (!condition) throw new Error(`not so: ${what}`)
}

/** Fails unless two plain values are the same, key by key; `undefined` is as good as absent. */
export function equal(actual: unknown, expected: unknown, what = 'the value'): void {
  if (isSame(actual, expected)) return
  throw new Error(`${what} is\n  ${show(actual)}\ninstead of\n  ${show(expected)}`)
}

/** Fails unless `actual` has what `expected` has; it may have more keys. */
export function includes(actual: unknown, expected: object, what = 'the value'): void {
  for (const [key, value] of Object.entries(expected)) {
    equal(propertyOf(actual, key), value, `${key} of ${what}`)
  }
}

export function matches(actual: unknown, pattern: RegExp, what = 'the value'): void {
  if (typeof actual === 'string' && pattern.test(actual)) return
  throw new Error(`${what} is ${show(actual)}, which does not match ${pattern}`)
}

/** What `run` throws or rejects with; fails if it does neither. */
export async function thrownBy(run: () => unknown): Promise<unknown> {
  try {
    await run()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

function propertyOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
}

function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const keys = new Set([...Object.keys(a), ...Object.keys(b)])
  return [...keys].every((key) => isSame(propertyOf(a, key), propertyOf(b, key)))
}

function show(value: unknown): string {
  const json = JSON.stringify(value) ?? String(value)
  return json.length > 2000 ? `${json.slice(0, 2000)}… (${json.length})` : json
}
