import type { FinishReason } from '../chat-event.ts'
import type { SseEvent } from '../framing/sse.ts'
import { providerError } from '../provider-error.ts'
import {
  asArray,
  asNumber,
  asObject,
  asText,
  defined,
  isObject,
  type WireObject,
} from '../wire-value.ts'
import type { WireDecoder, WireEvent, WireFormat } from './format.ts'
import { DONE, emitText, finishReasonOf, isKeepalive, malformed, parsePayload } from './frames.ts'
import { readToolParts, type ToolPartReader } from './gemini-tools.ts'
import { type GeminiUsageKeys, geminiUsage } from './gemini-usage.ts'

type Emit = (event: WireEvent) => void

/**
 * Google Gemini's `streamGenerateContent`, of the Gemini API and of Vertex AI: the event stream, the
 * growing JSON array that comes without `alt=sse`, and one whole answer.
 *
 * End marker: none but a finish reason, which older models send with every chunk, and servers that
 * run tools with the first one. So the last one counts, when the body ends.
 * @see https://ai.google.dev/api/generate-content (read 2026-11-21)
 */
export const gemini: WireFormat = { name: 'Gemini', decoder: decodeGemini }

/** What is known of one of the parallel answers. */
interface Candidate {
  /** `undefined` for the first one, whose events carry no mark. */
  mark: number | undefined
  tools: ToolPartReader
  sources: Set<string>
  grounding: string
}

function decodeGemini(): WireDecoder {
  const candidates = new Map<number, Candidate>()
  let id: string | undefined
  let model: string | undefined
  let reason: string | undefined
  let blockReason: string | undefined
  /** The words that come with a reason. */
  let explanation: string | undefined
  let madeIds = 0
  let ended = false

  function candidateAt(index: number): Candidate {
    let candidate = candidates.get(index)
    if (candidate === undefined) {
      const tools = readToolParts(() => `${id ?? 'call'}-${madeIds++}`)
      const mark = index === 0 ? undefined : index
      candidate = { mark, tools, sources: new Set(), grounding: '' }
      candidates.set(index, candidate)
    }
    return candidate
  }

  function readCandidate(value: WireObject, frame: SseEvent, emit: Emit): void {
    const candidate = candidateAt(asNumber(value['index']) ?? 0)
    const out = candidate.mark === undefined ? emit : markWith(candidate.mark, emit)
    for (const part of asArray(asObject(value['content'])?.['parts'])) {
      if (isObject(part)) readPart(part, candidate, frame, out)
    }
    readSources(value, candidate, out)
    const word = wordOf(value['finishReason'])
    if (candidate.mark !== undefined || word === undefined) return
    reason = word
    explanation = asText(value['finishMessage'])
  }

  function readPart(part: WireObject, candidate: Candidate, frame: SseEvent, emit: Emit): void {
    const callId = candidate.tools.read(part, frame, emit)
    if (callId === undefined) readContent(part, emit)
    // A follow-up request must give it back, together with the call that it belongs to.
    const signature = asText(part['thoughtSignature'])
    if (signature === undefined) return
    emit({ type: 'data', name: 'thoughtSignature', data: signature, ...(callId && { id: callId }) })
  }

  function readHead(chunk: WireObject, emit: Emit): void {
    const newId = id === undefined ? asText(chunk['responseId']) : undefined
    const newModel = model === undefined ? asText(chunk['modelVersion']) : undefined
    id ??= newId
    model ??= newModel
    const usage = geminiUsage(asObject(chunk['usageMetadata']), USAGE_KEYS)
    const facts = defined({ id: newId, model: newModel, usage })
    if (Object.keys(facts).length > 0) emit({ type: 'facts', ...facts })
  }

  function finish(emit: Emit): void {
    const raw = reason ?? blockReason
    if (ended || raw === undefined) return
    const first = candidates.get(0)?.tools
    const said = reason === undefined ? 'content-filter' : finishOf(reason)
    // A model that stops has finished its calls: the end of this one was cut off.
    if (said === 'stop' && first?.isOpen()) return
    ended = true
    first?.end(emit)
    if (explanation !== undefined && said === 'content-filter') {
      emit({ type: 'refusal', text: explanation })
    }
    const finishReason = said === 'stop' && first?.mustRun() ? 'tool-calls' : said
    emit({ type: 'facts', finishReason, rawFinishReason: raw })
    if (explanation !== undefined && said === 'error') {
      emit({ type: 'error', error: providerError({ code: raw, message: explanation }) })
    }
  }

  return {
    marksEnd: () => true,
    push(frame, emit) {
      if (frame.data === DONE) {
        // Not Gemini's own: it tells that nothing more comes, but not that the answer is whole.
        finish(emit)
        return ended ? emit({ type: 'complete' }) : undefined
      }
      if (isKeepalive(frame)) return
      if (frame.type === 'error' && !/^\s*[{[]/.test(frame.data)) {
        return emit({ type: 'error', error: providerError(frame.data) })
      }
      const chunk = parsePayload(frame, gemini.name)
      if (!isObject(chunk)) throw malformed(frame, gemini.name, 'its data is not an object')
      readHead(chunk, emit)
      for (const candidate of asArray(chunk['candidates'])) {
        if (isObject(candidate)) readCandidate(candidate, frame, emit)
      }
      const feedback = asObject(chunk['promptFeedback'])
      blockReason = wordOf(feedback?.['blockReason']) ?? blockReason
      explanation = asText(feedback?.['blockReasonMessage']) ?? explanation
      if (chunk['error'] || frame.type === 'error') {
        return emit({ type: 'error', error: providerError(chunk) })
      }
      if (KNOWN_KEYS.every((key) => chunk[key] === undefined)) {
        emit({ type: 'data', name: frame.type, data: chunk })
      }
    },
    end: finish,
  }
}

const KNOWN_KEYS = [
  'candidates',
  'promptFeedback',
  'usageMetadata',
  'modelVersion',
  'responseId',
] as const

/** The same events, marked as those of another than the first answer. */
function markWith(choice: number, emit: Emit): Emit {
  return (event) => {
    if (typeof event === 'string') emit({ type: 'text', text: event, choice })
    else if (event.type === 'facts' || event.type === 'complete' || event.type === 'error') return
    else emit({ ...event, choice })
  }
}

/** A part with a piece of the answer itself: text, a thought, a file. */
function readContent(part: WireObject, emit: Emit): void {
  const { text, thought } = part
  if (typeof text === 'string') {
    if (thought !== true) return emitText(text, emit)
    return text === '' ? undefined : emit({ type: 'reasoning', text })
  }
  const file = fileOf(part)
  // A picture that was only thought of is not part of the answer.
  if (file !== undefined && thought !== true) return emit({ type: 'file', ...file })
  const name = Object.keys(part).find((key) => !/^thought(?:Signature)?$/.test(key))
  if (name !== undefined) emit({ type: 'data', name, data: part })
}

function fileOf(part: WireObject): { mediaType: string; url: string } | undefined {
  const inline = asObject(part['inlineData'])
  const stored = asObject(part['fileData'])
  const mediaType = asText((inline ?? stored)?.['mimeType']) ?? 'application/octet-stream'
  const base64 = asText(inline?.['data'])
  if (base64 !== undefined) return { mediaType, url: `data:${mediaType};base64,${base64}` }
  const url = asText(stored?.['fileUri'])
  return url !== undefined && /^https?:/i.test(url) ? { mediaType, url } : undefined
}

/** What the answer rests on. Servers repeat it, often whole, so each source is handed on once. */
function readSources(value: WireObject, candidate: Candidate, emit: Emit): void {
  function add(raw: unknown, url: string | undefined, title: string | undefined): void {
    const key = url ?? title ?? JSON.stringify(raw)
    if (candidate.sources.has(key)) return
    candidate.sources.add(key)
    emit({ type: 'source', ...(url && { url }), ...(title && { title }), raw })
  }

  const grounding = asObject(value['groundingMetadata'])
  for (const chunk of asArray(grounding?.['groundingChunks'])) {
    const { web, retrievedContext, maps, image } = asObject(chunk) ?? {}
    const source = asObject(web ?? retrievedContext ?? maps ?? image)
    if (source === undefined) continue
    const url = asText(source['uri']) ?? asText(source['sourceUri']) ?? asText(source['imageUri'])
    add(chunk, url, asText(source['title']))
  }
  const citations = asObject(value['citationMetadata'])
  for (const citation of asArray(citations?.['citations'] ?? citations?.['citationSources'])) {
    const source = asObject(citation)
    if (source !== undefined) add(citation, asText(source['uri']), asText(source['title']))
  }
  for (const page of asArray(asObject(value['urlContextMetadata'])?.['urlMetadata'])) {
    const source = asObject(page)
    const url = asText(source?.['retrievedUrl'])
    const isRead = /SUCCESS|^1$|undefined/.test(String(source?.['urlRetrievalStatus']))
    if (url !== undefined && isRead) add(page, url, undefined)
  }
  // Which words rest on which source, and what was searched for.
  const text = grounding === undefined ? '{}' : JSON.stringify(grounding)
  if (text === '{}' || text === candidate.grounding) return
  candidate.grounding = text
  emit({ type: 'data', name: 'groundingMetadata', data: grounding })
}

/** A word of an enum, or its number as text: that is how `enum-encoding=int` writes it. */
function wordOf(value: unknown): string | undefined {
  const word = asText(value) ?? (asNumber(value) ? String(value) : undefined)
  return word === undefined || /UNSPECIFIED$/.test(word) ? undefined : word
}

/** Numbers above 4 mean one thing in the Gemini API and another on Vertex, unless listed here. */
const FINISH_REASONS: readonly [RegExp, FinishReason][] = [
  [/^(?:STOP|1)$/i, 'stop'],
  [/^(?:MAX_TOKENS|CONTINUATION|2)$/i, 'length'],
  [/^(?:MALFORMED_(?:FUNCTION_CALL|RESPONSE)|UNEXPECTED_TOOL_CALL)$/i, 'error'],
  [
    /^(?:SAFETY|RECITATION|BLOCKLIST|PROHIBITED_CONTENT|SPII|MODEL_ARMOR|IMAGE_\w+|[3478])$/i,
    'content-filter',
  ],
  [/^(?:LANGUAGE|OTHER|TOO_MANY_TOOL_CALLS|NO_IMAGE)$/i, 'unknown'],
]

function finishOf(word: string): FinishReason {
  return FINISH_REASONS.find(([pattern]) => pattern.test(word))?.[1] ?? finishReasonOf(word)
}

const USAGE_KEYS: GeminiUsageKeys = {
  prompt: 'promptTokenCount',
  toolUse: 'toolUsePromptTokenCount',
  candidates: 'candidatesTokenCount',
  thoughts: 'thoughtsTokenCount',
  cached: 'cachedContentTokenCount',
  total: 'totalTokenCount',
}
