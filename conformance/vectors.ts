/** The shape of the data in this folder, and how it is read. README.md says what it means. */
import { readdir, readFile } from 'node:fs/promises'

/** Bytes of a body: as text if they are UTF-8, else in base64. */
export type Body = { body: string } | { bodyBase64: string }

export type SseEventRow = [type: string, data: string, lastEventId: string]

/** One event stream, and the events that it comes to. */
export type SseVector = Body & {
  name: string
  /** What the standard says, in our words. */
  rule: string
  /** The section of the standard: an anchor on its page. */
  section: string
  events: SseEventRow[]
  /** The digits of the last one; `null` if none was set. Left out where the standard is open. */
  reconnectionTime?: string | null
}

export interface SseFile {
  specification: string
  vectors: SseVector[]
}

export interface ExpectedCall {
  /** Left out where the server sends none: then any that is not empty will do. */
  id?: string
  name: string
  /** Left out if the arguments are not JSON. */
  input?: unknown
  inputText: string
  providerExecuted?: true
}

export interface ExpectedSource {
  id?: string
  url?: string
  title?: string
}

export interface ExpectedError {
  code: string
  providerCode?: string
  requestId?: string
  retryable?: boolean
  messageIncludes?: string
}

/** What a stream comes to. `null` means that there is none; what is left out is not compared. */
export interface ExpectedAnswer {
  text: string
  reasoning: string
  refusal: string
  finishReason: string
  rawFinishReason?: string | null
  toolCalls: ExpectedCall[]
  toolResults: { id: string; output?: unknown; isError: boolean }[]
  sources?: ExpectedSource[]
  files: { mediaType: string; url: string }[]
  usage?: Record<string, number> | null
  id?: string | null
  model?: string | null
  data?: string[]
  choices?: Record<string, string>
  error: ExpectedError | null
}

/** One answer as a server streams it. */
export type StreamVector = Body & {
  name: string
  contentType: string
  /** `false` if nothing in the first payload tells the format. */
  detectable: boolean
  expect: ExpectedAnswer
  /** The body cut off before this byte is not complete. */
  completeFrom?: number
}

export interface FormatFile {
  format: string
  /** What an answer is that was cut off: `truncated`, or `unknown` where no sure end is sent. */
  cutOff: 'truncated' | 'unknown'
  vectors: StreamVector[]
}

const read = async (path: string): Promise<unknown> =>
  JSON.parse(await readFile(new URL(path, import.meta.url), 'utf8'))

// The schemas are checked where the data is written, not where it is read.
export async function readSseFile(): Promise<SseFile> {
  return (await read('sse.json')) as SseFile
}

export async function readFormatFiles(): Promise<FormatFile[]> {
  const names = await readdir(new URL('formats/', import.meta.url))
  const files = names.filter((name) => name.endsWith('.json')).sort()
  return Promise.all(files.map(async (name) => (await read(`formats/${name}`)) as FormatFile))
}

export function bodyOf(vector: Body): Uint8Array {
  if ('body' in vector) return new TextEncoder().encode(vector.body)
  return new Uint8Array(Buffer.from(vector.bodyBase64, 'base64'))
}
