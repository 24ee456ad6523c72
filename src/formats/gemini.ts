import type { SseEvent } from '../framing/sse.ts'
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
import {
  emitData,
  emitError,
  emitFile,
  emitReasoning,
  emitSource,
  emitText,
  type Head,
  markWith,
  readHead,
} from './emit.ts'
import type { Emit, WireFormat } from './format.ts'
import { finishReasonOf, isFault, type ObjectReader, objectFormat } from './frames.ts'
import { readToolParts, type ToolPartReader } from './gemini-tools.ts'
import { GENERATE_COUNTS, geminiUsage } from './gemini-usage.ts'

/**
 * Google Gemini's `streamGenerateContent`, of the Gemini API and of Vertex AI: the event stream, the
 * growing JSON array that comes without `alt=sse`, and one whole answer.
 *
 * End marker: none but a finish reason, which older models send with every chunk, and servers that
 * run tools with the first one. So the last one counts, when the body ends.
 * @see https://ai.google.dev/api/generate-content (read 2026-11-21)
 */
export const gemini: WireFormat = /* @__PURE__ */ objectFormat('Gemini', readAnswer)

/** What is known of one of the parallel answers. */
interface Candidate {
  tools: ToolPartReader
  sources: Set<string>
  grounding: string
}

function readAnswer(): ObjectReader {
  const candidates = new Map<number, Candidate>()
  const head: Head = {}
  let reason: string | undefined
  let blockReason: string | undefined
  /** The words that come with a reason. */
  let explanation: string | undefined
  let madeIds = 0
  let ended = false

  function candidateAt(index: number): Candidate {
    let candidate = candidates.get(index)
    if (candidate === undefined) {
      const tools = readToolParts(() => `${head.id ?? 'call'}-${madeIds++}`)
      candidate = { tools, sources: new Set(), grounding: '' }
      candidates.set(index, candidate)
    }
    return candidate
  }

  function readCandidate(value: WireObject, frame: SseEvent, emit: Emit): void {
    const index = asNumber(value['index']) ?? 0
    const candidate = candidateAt(index)
    const out = index === 0 ? emit : markWith(index, emit)
    const parts = asArray(asObject(value['content'])?.['parts'])
    for (const part of parts) {
      if (isObject(part)) readPart(part, candidate, frame, out)
    }
    readSources(value, candidate, out)
    const word = wordOf(value['finishReason'])
    // A model may stop to have its code run: the server goes on with the result.
    const isToRun = word === 'STOP' && valueAt(parts.at(-1), 'executableCode')
    if (index !== 0 || word === undefined || isToRun) return
    reason = word
    explanation = asText(value['finishMessage'])
  }

  function readPart(part: WireObject, candidate: Candidate, frame: SseEvent, emit: Emit): void {
    const callId = candidate.tools.read(part, frame, emit)
    if (callId === undefined) readContent(part, emit)
    // A follow-up request must give it back, together with the call that it belongs to.
    const signature = asText(part['thoughtSignature'])
    if (signature !== undefined) emitData('thoughtSignature', signature, emit, callId || undefined)
  }

  function finish(emit: Emit): void {
    // Older models have said STOP with every chunk by the time that the prompt is blocked.
    const word = blockReason ?? reason
    if (ended || word === undefined) return
    const first = candidates.get(0)?.tools
    const said = blockReason ? 'content-filter' : finishReasonOf(WORDS.get(word) ?? word)
    // A model that stops has finished its calls: the end of this one was cut off.
    if (said === 'stop' && first?.isOpen()) return
    ended = true
    first?.end(emit)
    if (explanation !== undefined && said === 'content-filter') {
      emit({ type: 'refusal', text: explanation })
    }
    const finishReason = said === 'stop' && first?.mustRun() ? 'tool-calls' : said
    emit({ type: 'facts', finishReason, rawFinishReason: word })
    if (explanation !== undefined && said === 'error') {
      emitError({ code: word, message: explanation }, emit)
    }
  }

  return {
    read(chunk, frame, emit) {
      const { candidates, promptFeedback, usageMetadata, modelVersion, responseId } = chunk
      readHead(head, responseId, modelVersion, emit)
      const usage = geminiUsage(usageMetadata, GENERATE_COUNTS)
      if (usage !== undefined) emit({ type: 'facts', usage })
      for (const candidate of asArray(candidates)) {
        if (isObject(candidate)) readCandidate(candidate, frame, emit)
      }
      const feedback = asObject(promptFeedback)
      blockReason = wordOf(feedback?.['blockReason']) ?? blockReason
      explanation = asText(feedback?.['blockReasonMessage']) ?? explanation
      if (isFault(chunk) || frame.type === 'error') return emitError(chunk, emit)
      if ((candidates ?? promptFeedback ?? usageMetadata ?? modelVersion ?? responseId) == null) {
        emitData(frame.type, chunk, emit)
      }
    },
    // Not Gemini's own: it tells that nothing more comes, but not that the answer is whole.
    done(emit) {
      finish(emit)
      return ended
    },
    end: finish,
  }
}

/** A part with a piece of the answer itself: text, a thought, a file. */
function readContent(part: WireObject, emit: Emit): void {
  const { text, thought } = part
  if (typeof text === 'string')
    return thought === true ? emitReasoning(text, emit) : emitText(text, emit)
  const inline = asObject(part['inlineData'])
  const stored = asObject(part['fileData'])
  const url = asText(stored?.['fileUri'])
  const file = {
    mediaType: asText((inline ?? stored)?.['mimeType']),
    base64: asText(inline?.['data']),
    url: url && /^https?:/i.test(url) ? url : undefined,
  }
  // A picture that was only thought of is not part of the answer.
  if (thought !== true && emitFile(file, emit)) return
  const name = Object.keys(part).find((key) => !/^thought(?:Signature)?$/.test(key))
  if (name !== undefined) emitData(name, part, emit)
}

/** What the answer rests on. Servers repeat it, often whole, so each source is handed on once. */
function readSources(value: WireObject, candidate: Candidate, emit: Emit): void {
  function add(raw: unknown, source: WireObject | undefined): void {
    if (source === undefined) return
    const url = firstText(source, 'uri', 'sourceUri', 'imageUri', 'retrievedUrl')
    emitSource({ url, title: asText(source['title']) }, raw, emit, candidate.sources)
  }

  const grounding = asObject(value['groundingMetadata'])
  for (const chunk of asArray(grounding?.['groundingChunks'])) {
    const { web, retrievedContext, maps, image } = asObject(chunk) ?? {}
    add(chunk, asObject(web ?? retrievedContext ?? maps ?? image))
  }
  const citations = asObject(value['citationMetadata'])
  for (const citation of asArray(citations?.['citations'] ?? citations?.['citationSources'])) {
    add(citation, asObject(citation))
  }
  for (const page of asArray(valueAt(value, 'urlContextMetadata', 'urlMetadata'))) {
    const source = asObject(page)
    const isRead = /SUCCESS|^1$|undefined/.test(String(source?.['urlRetrievalStatus']))
    if (isRead && source?.['retrievedUrl']) add(page, source)
  }
  // Which words rest on which source, and what was searched for.
  const text = grounding === undefined ? '{}' : JSON.stringify(grounding)
  if (text === '{}' || text === candidate.grounding) return
  candidate.grounding = text
  emitData('groundingMetadata', grounding, emit)
}

/** A word of an enum, or its number as text: that is how `enum-encoding=int` writes it. */
function wordOf(value: unknown): string | undefined {
  const word = asText(value) ?? (asNumber(value) ? String(value) : undefined)
  return word === undefined || /UNSPECIFIED$/.test(word) ? undefined : word
}

/**
 * Words that would be taken for others, and the numbers that may stand for words: those above 4 mean
 * one thing in the Gemini API and another on Vertex, unless listed here.
 */
const WORDS: ReadonlyMap<string, string> = /* @__PURE__ */ new Map([
  ['TOO_MANY_TOOL_CALLS', 'OTHER'],
  ['1', 'STOP'],
  ['2', 'MAX_TOKENS'],
  ['3', 'SAFETY'],
  ['4', 'RECITATION'],
  ['7', 'BLOCKLIST'],
  ['8', 'PROHIBITED_CONTENT'],
])
