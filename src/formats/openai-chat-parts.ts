import {
  asArray,
  asNumber,
  asObject,
  asText,
  firstText,
  isObject,
  valueAt,
  type WireObject,
} from '../wire-value.ts'
import { emitData, emitFile, emitReasoning, emitSource, emitText } from './emit.ts'
import type { Emit } from './format.ts'

/** What a delta of Chat Completions holds beside plain text, at the places where servers put it. */

/**
 * Hands on the sources of a list, but none that was cited before: some servers repeat theirs on every
 * chunk. Each is a URL, an annotation or what it holds.
 */
export function readSources(values: unknown, seen: Set<string>, emit: Emit): void {
  for (const value of asArray(values)) {
    const outer = asObject(value)
    const source = asObject(outer?.['url_citation'] ?? outer?.['document_citation']) ?? outer
    const url = asText(source?.['url'] ?? value)
    const title = asText(source?.['title'])
    if ((url ?? title) !== undefined) emitSource({ url, title }, value, emit, seen)
  }
}

/** One of the places where servers put reasoning; the same text may stand in several. */
export function reasoningOf(delta: WireObject): string | undefined {
  const plain =
    asText(delta['reasoning_content']) ??
    asText(delta['reasoning']) ??
    // GitHub Copilot
    asText(delta['reasoning_text']) ??
    asText(delta['thinking'])
  const details = delta['reasoning_details']
  if (plain !== undefined || !Array.isArray(details)) return plain
  return asText(
    details.map((detail) => firstText(asObject(detail), 'text', 'summary') ?? '').join(''),
  )
}

/** A part of a content array: Mistral's `thinking`, Databricks' `summary`, text, or an image. */
export function readPart(value: unknown, emit: Emit): void {
  if (typeof value === 'string') return emitText(value, emit)
  const part = asObject(value)
  const thinking = part?.['thinking'] ?? part?.['summary']
  emitReasoning(thinking, emit)
  for (const piece of asArray(thinking)) emitReasoning(valueAt(piece, 'text'), emit)
  const type = asText(part?.['type']) ?? 'text'
  if (/^(?:output_)?text$/.test(type)) emitText(part?.['text'], emit)
  else if (type === 'image_url') readImage(part, emit)
  else if (thinking == null) emitData(type, part, emit)
}

function readImage(image: unknown, emit: Emit): void {
  emitFile({ url: asText(valueAt(image, 'image_url', 'url')) }, emit, 'image/*')
}

/** Hands on images, and under the server's name for it what has no place among the other events. */
export function readAsides(delta: WireObject, emit: Emit): void {
  for (const image of asArray(delta['images'])) readImage(image, emit)
  const { audio, executed_tools: executed, reasoning_steps: steps } = delta
  if (isObject(audio)) emitData('audio', audio, emit)
  // Groq tells of the tools that it ran, Perplexity of what it searched for.
  if (executed != null) emitData('executed_tools', executed, emit)
  if (steps != null) emitData('reasoning_steps', steps, emit)
}

/** Whether Google's endpoint marks a delta's content as the model's thinking. */
export function isThought(delta: WireObject): boolean {
  const extra = delta['extra_content']
  return extra != null && valueAt(extra, 'google', 'thought') === true
}

/**
 * Google's endpoint writes its thoughts between tags, besides marking them. The closing tag stands
 * before the answer: in the first delta without the mark, or in the same where all comes at once.
 */
export function readThought(content: string, isMarked: boolean, emit: Emit): void {
  if (!isMarked) return emitText(content.replace(/^<\/thought>/, ''), emit)
  const [thought, ...answer] = content.replace(/^<thought>/, '').split('</thought>')
  emitReasoning(thought, emit)
  emitText(answer.join('</thought>'), emit)
}

/** MiniMax reports a failure beside choices that are `null`, under a code of its own. */
export function faultOf({ base_resp: status }: WireObject): WireObject | undefined {
  const code = asNumber(asObject(status)?.['status_code']) ?? 0
  return code === 0 ? undefined : { code, message: valueAt(status, 'status_msg') }
}
