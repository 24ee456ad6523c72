import { asArray, asObject, asText, firstText, valueAt, type WireObject } from '../wire-value.ts'
import { emitData, emitReasoning, emitSource, emitText } from './emit.ts'
import type { Emit } from './format.ts'

/** What a delta of Chat Completions holds beside plain text, at the places where servers put it. */

/** Hands on a source, unless it was cited before: some servers repeat theirs on every chunk. */
export function readSource(value: unknown, raw: unknown, seen: Set<string>, emit: Emit): void {
  const source = asObject(value)
  const url = asText(source?.['url'])
  const title = asText(source?.['title'])
  if ((url ?? title) !== undefined) emitSource({ url, title }, raw, emit, seen)
}

/** One of the three places where servers put reasoning; the same text may stand in several. */
export function reasoningOf(delta: WireObject): string | undefined {
  const plain = asText(delta['reasoning_content']) ?? asText(delta['reasoning'])
  const details = delta['reasoning_details']
  if (plain !== undefined || !Array.isArray(details)) return plain
  return asText(
    details.map((detail) => firstText(asObject(detail), 'text', 'summary') ?? '').join(''),
  )
}

/** A part of a content array: Mistral's `thinking`, Databricks' `summary`, text, or a reference. */
export function readPart(value: unknown, emit: Emit): void {
  if (typeof value === 'string') return emitText(value, emit)
  const part = asObject(value)
  const thinking = part?.['thinking']
  emitReasoning(thinking, emit)
  for (const piece of asArray(thinking ?? part?.['summary'])) {
    emitReasoning(valueAt(piece, 'text'), emit)
  }
  const type = part?.['type'] ?? 'text'
  if (type === 'text' || type === 'output_text') emitText(part?.['text'], emit)
  if (type === 'reference') emitData(type, part, emit)
}
