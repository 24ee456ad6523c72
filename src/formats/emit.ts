import type { AnswerFacts } from '../chat-event.ts'
import { providerError } from '../provider-error.ts'
import { asText, defined } from '../wire-value.ts'
import type { Emit } from './format.ts'

/** What the formats hand on, and what they leave out because it says nothing. */

/** Emits a piece of the answer's text, unless it is empty or no text. */
export function emitText(value: unknown, emit: Emit): void {
  if (typeof value === 'string' && value !== '') emit(value)
}

/** Emits a piece of the model's thinking, unless it is empty or no text. */
export function emitReasoning(value: unknown, emit: Emit): void {
  const text = asText(value)
  if (text !== undefined) emit({ type: 'reasoning', text })
}

/** Emits what has no place among the other events. */
export function emitData(
  name: string,
  data: unknown,
  emit: Emit,
  id?: string,
  transient = false,
): void {
  emit({
    type: 'data',
    name,
    data,
    ...(id !== undefined && { id }),
    ...(transient && { transient }),
  })
}

/** Emits the error that the server reports, in whatever shape. */
export function emitError(raw: unknown, emit: Emit): void {
  emit({ type: 'error', error: providerError(raw) })
}

/** Emits those facts about the answer that are known, if there are any. */
export function emitFacts(
  facts: { [K in keyof AnswerFacts]: AnswerFacts[K] | undefined },
  emit: Emit,
): void {
  const known = defined(facts)
  if (Object.keys(known).length > 0) emit({ type: 'facts', ...known })
}

/**
 * Emits a source: its parts as far as they are known, and the citation as the server sent it.
 * @param seen - What was emitted before, where servers repeat their sources.
 */
export function emitSource(
  parts: { id?: string | undefined; url: string | undefined; title: string | undefined },
  raw: unknown,
  emit: Emit,
  seen?: Set<string>,
): void {
  if (seen !== undefined) {
    const key = parts.url ?? parts.title ?? JSON.stringify(raw)
    if (seen.has(key)) return
    seen.add(key)
  }
  emit({ type: 'source', ...defined(parts), raw })
}

/**
 * Emits a file that comes as base64, or else by its URL. Returns whether it is one.
 * @param mediaType - What the server says; else the URL does, or it is `fallback`.
 */
export function emitFile(
  { base64, url, mediaType }: FileParts,
  emit: Emit,
  fallback = 'application/octet-stream',
): boolean {
  const type = mediaType ?? mediaTypeOf(url, fallback)
  const place = base64 === undefined ? url : `data:${type};base64,${base64}`
  if (place !== undefined) emit({ type: 'file', mediaType: type, url: place })
  return place !== undefined
}

/** The media type of a `data:` URL; `fallback` for any other. */
function mediaTypeOf(url = '', fallback: string): string {
  return /^data:([^;,]+)/.exec(url)?.[1] ?? fallback
}

interface FileParts {
  base64?: string | undefined
  url?: string | undefined
  mediaType?: string | undefined
}

/** What is known of the answer: the first id and the first model that came. */
export interface Head {
  id?: string | undefined
  model?: string | undefined
}

/** Hands on the answer's id and model, each once, as soon as it is known. */
export function readHead(head: Head, id: unknown, model: unknown, emit: Emit): void {
  const newId = head.id === undefined ? asText(id) : undefined
  const newModel = head.model === undefined ? asText(model) : undefined
  if ((newId ?? newModel) === undefined) return
  head.id ??= newId
  head.model ??= newModel
  emitFacts({ id: newId, model: newModel }, emit)
}

/** The same events, marked as those of another than the first of several parallel answers. */
export function markWith(choice: number, emit: Emit): Emit {
  return (event) => {
    if (typeof event === 'string') emit({ type: 'text', text: event, choice })
    else if (event.type === 'error') emit(event)
    // What is known about the answer as a whole is known from the first one.
    else if (event.type !== 'facts' && event.type !== 'complete') emit({ ...event, choice })
  }
}
