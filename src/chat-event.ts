import type { ChatError } from './errors.ts'

/** Why an answer ended, in one vocabulary for every provider. */
export type FinishReason =
  | 'stop'
  | 'length'
  | 'tool-calls'
  | 'content-filter'
  | 'error'
  | 'aborted'
  | 'unknown'

/** A call of a tool, complete. */
export interface ToolCall {
  id: string
  name: string
  /** The parsed arguments; `undefined` if `inputText` is not JSON (a custom tool, a cut-off call). */
  input: unknown
  /** The arguments as they arrived; `''` for a call without arguments. */
  inputText: string
  /** Set when the provider itself runs the tool, so that the caller must not. */
  providerExecuted?: true
}

/** What a tool that ran on the server's side returned. */
export interface ToolResult {
  id: string
  output: unknown
  isError: boolean
}

/** A source that the answer cites. */
export interface Source {
  id?: string
  url?: string
  title?: string
  /** The citation as the provider sent it. */
  raw: unknown
}

/** A file that is part of the answer. `url` is an http(s) or a `data:` URL. */
export interface ChatFile {
  mediaType: string
  url: string
}

/** Token counts; they mean the same for every provider. */
export interface Usage {
  /** All input tokens, cached ones included. */
  inputTokens?: number
  /** All output tokens, reasoning included. */
  outputTokens?: number
  totalTokens?: number
  /** The part of `inputTokens` that was read from a cache. */
  cachedInputTokens?: number
  /** The part of `outputTokens` that was spent on reasoning. */
  reasoningTokens?: number
  /** The provider's own object, last one received. */
  raw: unknown
}

/** When things happened, in milliseconds from the first `next()`. */
export interface Timing {
  /** Until the response's headers; absent if there was no request or no response. */
  responseMs?: number
  /** Until the first text arrived; absent if none did. */
  firstTextMs?: number
  totalMs: number
}

/** Everything an answer consisted of. */
export interface ChatResult {
  finishReason: FinishReason
  /** The concatenation of all `text` events. */
  text: string
  reasoning: string
  refusal: string
  toolCalls: ToolCall[]
  toolResults: ToolResult[]
  sources: Source[]
  files: ChatFile[]
  usage?: Usage
  id?: string
  model?: string
  /** The provider's own word for why it finished. */
  rawFinishReason?: string
  error?: ChatError
  timing: Timing
}

/** The events that carry a part of the answer. */
export type ContentEvent = (
  | { type: 'text'; text: string }
  | { type: 'reasoning'; text: string }
  | { type: 'refusal'; text: string }
  /** `delta` is argument text as it arrives; `''` at the start of a call. */
  | { type: 'tool-call-delta'; id: string; name: string; delta: string }
  | ({ type: 'tool-call' } & ToolCall)
  | ({ type: 'tool-result' } & ToolResult)
  | ({ type: 'source' } & Source)
  | ({ type: 'file' } & ChatFile)
  /** What the wire format carries that has no place above; not to be kept if it is `transient`. */
  | { type: 'data'; name: string; data: unknown; id?: string; transient?: true }
) & {
  /** Which of several parallel answers (`n` > 1) this belongs to; absent for the first. */
  choice?: number
}

/** The failure of a stream. At most one, directly before `done`. */
export interface ChatErrorEvent {
  type: 'error'
  error: ChatError
}

/** The end of a stream. Exactly one, always last. */
export type ChatDoneEvent = { type: 'done' } & ChatResult

/** One event of an answer. The boundaries between neighbouring text events carry no meaning. */
export type ChatEvent = ContentEvent | ChatErrorEvent | ChatDoneEvent

/** What a wire format learns about the answer as a whole. Later values replace earlier ones. */
export interface AnswerFacts {
  id?: string
  model?: string
  usage?: Usage
  /** `undefined` takes back what was said: the answer goes on. */
  finishReason?: FinishReason | undefined
  rawFinishReason?: string
}

/** A result before anything arrived. */
export function emptyResult(): ChatResult {
  return {
    finishReason: 'unknown',
    text: '',
    reasoning: '',
    refusal: '',
    toolCalls: [],
    toolResults: [],
    sources: [],
    files: [],
    timing: { totalMs: 0 },
  }
}

/** Adds one event to a result, in place. Events of parallel answers and `data` leave it as it is. */
export function addToResult(result: ChatResult, event: ContentEvent): void {
  if (event.choice) return
  switch (event.type) {
    case 'text':
    case 'reasoning':
    case 'refusal':
      result[event.type] += event.text
      return
    case 'tool-call':
      result.toolCalls.push(withoutType(event))
      return
    case 'tool-result':
      result.toolResults.push(withoutType(event))
      return
    case 'source':
      result.sources.push(withoutType(event))
      return
    case 'file':
      result.files.push(withoutType(event))
  }
}

function withoutType<T extends { type: string }>({ type: _, ...rest }: T): Omit<T, 'type'> {
  return rest
}

/**
 * Joins `next` to `last` if they are neighbouring texts of the same kind and choice. A consumer that
 * is slower than the network so gets fewer, larger events.
 */
export function mergeText(last: ChatEvent, next: ChatEvent): boolean {
  switch (next.type) {
    case 'text':
    case 'reasoning':
    case 'refusal':
      if (last.type !== next.type || last.choice !== next.choice) return false
      last.text += next.text
      return true
    default:
      return false
  }
}
