/** Reading values that came over the wire: nothing about their shape is trusted. */

export type WireObject = { readonly [key: string]: unknown }

/** Whether `value` is a JSON object (not an array, not null). */
export function isObject(value: unknown): value is WireObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** `value` if it is a JSON object, else `undefined`. */
export function asObject(value: unknown): WireObject | undefined {
  return isObject(value) ? value : undefined
}

/** One for all, because most fields of most frames are absent. */
const NONE: readonly unknown[] = []

/** `value` if it is an array, else an empty one. */
export function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : NONE
}

/** `value` if it is a string that is not empty, else `undefined`: blank means absent on the wire. */
export function asText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** What a path of keys and indexes leads to; `undefined` if it leads nowhere. */
export function valueAt(value: unknown, ...path: (string | number)[]): unknown {
  let found = value
  for (const key of path) found = (found as WireObject | null | undefined)?.[key]
  return found
}

/** The first of the keys' values that is a text which is not empty. */
export function firstText(object: WireObject | undefined, ...keys: string[]): string | undefined {
  for (const key of keys) {
    const text = asText(object?.[key])
    if (text !== undefined) return text
  }
  return undefined
}

/** `value` if it is a finite number, else `undefined`. */
export function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

/** The parsed JSON of `text`, or `undefined` if it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Not JSON is an answer here, not a fault; who needs the reason parses it themselves.
    return undefined
  }
}

/** The properties of `properties` that have a value, for objects with optional keys. */
export function defined<T extends object>(properties: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const known: { [K in keyof T]?: NonNullable<T[K]> } = {}
  for (const name in properties) {
    const value = properties[name]
    if (value != null) known[name] = value
  }
  return known
}
