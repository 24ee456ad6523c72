/**
 * Reads how long a server asks to wait, in milliseconds: `retry-after-ms`, or `Retry-After` as
 * seconds or as an HTTP date. Finite and >= 0; `undefined` if there is nothing usable.
 *
 * @param nowMs - The current time, in milliseconds since the epoch.
 * @see https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
 */
export function parseRetryAfter(headers: Headers, nowMs: number): number | undefined {
  const milliseconds = decimal(headers.get('retry-after-ms'))
  if (milliseconds !== undefined) return milliseconds
  const value = headers.get('retry-after')
  const seconds = decimal(value)
  if (seconds !== undefined) return Math.min(seconds * 1000, Number.MAX_SAFE_INTEGER)
  // Date.parse takes much that is no date: an HTTP date has a month's name and a time.
  if (value === null || !/[a-z]{3}.*\d\d:\d\d/i.test(value)) return undefined
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(date - nowMs, 0)
}

function decimal(value: string | null): number | undefined {
  if (value === null || !/^\s*\d+(?:\.\d+)?\s*$/.test(value)) return undefined
  return Math.min(Number(value), Number.MAX_SAFE_INTEGER)
}
