import { type BufferSpec, createTextBuffer } from 'chatwire'

/** What comes out for each delta, and last what `flush` gives. */
export function piecesOf(deltas: readonly string[], spec: BufferSpec): string[] {
  const buffer = createTextBuffer(spec)
  const pieces = deltas.map((delta) => buffer.push(delta))
  return [...pieces, buffer.flush()]
}

/** The same without the empty ones. */
export function outputOf(deltas: readonly string[], spec: BufferSpec): string[] {
  return piecesOf(deltas, spec).filter((piece) => piece !== '')
}

/** Each code unit of a text as a delta of its own, so that every pair and cluster is cut. */
export function codeUnits(text: string): string[] {
  return text.split('')
}
