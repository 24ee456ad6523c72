import { asText, firstText, type WireObject } from '../wire-value.ts'
import type { AwaitedCalls } from './awaited-calls.ts'
import { emitFacts, emitFile, emitSource } from './emit.ts'
import type { Emit } from './format.ts'
import { finishReasonOf } from './frames.ts'
import { readUsage } from './usage.ts'

/** What the AI SDK's two streams have in common. */

/** The id of the call that a part is about: of its start, of a piece of it, or of all of it. */
type CallIdOf = (
  part: WireObject,
  calls: AwaitedCalls,
  extent: 'start' | 'piece' | 'whole',
) => string

/** Names the calls that have no id. Such a call goes on until it is whole. */
export function nameCalls(): CallIdOf {
  let count = 0
  return (part, calls, extent) => {
    const id = firstText(part, 'toolCallId', 'id')
    if (id !== undefined) return id
    const goesOn = extent === 'piece' || (extent === 'whole' && calls.isOpen(`call-${count}`))
    if (!goesOn) count++
    return `call-${count}`
  }
}

/**
 * Hands on why the answer ended.
 * @param word - What the server says; nothing means a stop.
 * @param isWhole - Whether calls of which not all has come are whole if the reason is a regular one.
 */
export function finishAnswer(
  word: string | undefined,
  isWhole: boolean,
  calls: AwaitedCalls,
  emit: Emit,
): void {
  const reason = finishReasonOf(word ?? 'stop')
  // The words "other" and "unknown" say nothing; "interrupted" says that the model was cut off.
  const isRegular = /^(?:stop|tool-calls)$/.test(reason) || /^(?:other|unknown)$/.test(word ?? '')
  const finishReason = isRegular ? calls.reasonFor(reason) : reason
  calls.end(isRegular && isWhole, emit)
  emitFacts({ finishReason, rawFinishReason: word }, emit)
}

export function readSource(source: WireObject, raw: unknown, emit: Emit): void {
  const id = firstText(source, 'sourceId', 'id')
  const url = asText(source['url'])
  emitSource({ id, url, title: firstText(source, 'title', 'filename') }, raw, emit)
}

/** Reads a file. Before 5 `data` may be a URL. */
export function readFile(file: WireObject, emit: Emit): void {
  const mediaType = firstText(file, 'mediaType', 'mimeType')
  const data = firstText(file, 'base64', 'base64Data', 'data')
  const isUrl = /^(?:data|https?):/.test(data ?? '')
  const url = asText(file['url']) ?? data
  emitFile({ mediaType, url, base64: isUrl ? undefined : data }, emit)
}

/** Token counts under the names that the SDK's own objects, and most apps' metadata, have. */
export function readTotals(holder: WireObject, emit: Emit): void {
  emitFacts({ usage: readUsage(holder['totalUsage'] ?? holder['usage']) }, emit)
}
