import fc from 'fast-check'

/** Cuts `bytes` at the given positions; a position given twice makes an empty chunk. */
function cutAt(bytes: Uint8Array, positions: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = []
  let start = 0
  for (const position of [...positions].sort((a, b) => a - b)) {
    chunks.push(bytes.subarray(start, position))
    start = position
  }
  chunks.push(bytes.subarray(start))
  return chunks
}

/** `bytes` in two chunks, in every way there is. */
export function* twoWayCuts(bytes: Uint8Array): Generator<Uint8Array[]> {
  for (let position = 1; position < bytes.length; position += 1) yield cutAt(bytes, [position])
}

/** `bytes` in chunks of one byte each. */
export function byteByByte(bytes: Uint8Array): Uint8Array[] {
  return Array.from(bytes, (_, index) => bytes.subarray(index, index + 1))
}

/** Random cuts, empty chunks included, of any bytes: apply with {@link cutByFractions}. */
export const fractions: fc.Arbitrary<number[]> = fc.array(fc.integer({ min: 0, max: 1_000_000 }), {
  maxLength: 12,
})

/** Cuts at fractions (millionths) of the length, so that one arbitrary fits bytes of any length. */
export function cutByFractions(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  return cutAt(
    bytes,
    cuts.map((cut) => Math.round((cut / 1_000_000) * bytes.length)),
  )
}

/** A fixed sequence of pseudo-random cuts, for bodies too long to cut everywhere. */
export function* scatteredCuts(bytes: Uint8Array, count: number): Generator<Uint8Array[]> {
  let state = 20_261_121
  const next = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state % below
  }
  for (let round = 0; round < count; round += 1) {
    yield cutAt(
      bytes,
      Array.from({ length: 1 + next(9) }, () => next(bytes.length + 1)),
    )
  }
}
