/** All readers that can read a format, the floor first. */
import { agui, aiSdk, anthropic, openaiChat, plain, type WireFormat } from 'chatwire/formats'
import { baselines } from './baselines.ts'
import { aiJson, openaiJson, ownFormat } from './chat-libraries.ts'
import { chatReaders, eventReaders } from './chatwire.ts'
import type { Reader } from './reader.ts'
import { sseLibraries } from './sse-libraries.ts'

export type { Reader } from './reader.ts'

type ChatCompletionChunk = { choices: { delta: { content?: string | null } }[] }
type MessageEvent = { type: string; delta?: { type: string; text: string } }
type DeltaEvent = { type: string; delta?: string }

interface Format {
  /** As chatwire knows it. */
  format: WireFormat
  /** Takes the text out of one parsed payload, as an application that knows its server would. */
  pick(payload: unknown): string
  libraries: Reader[]
}

/** The text of a format whose events of one type have it as their `delta`. */
const deltaOf = (textType: string) => (payload: unknown) => {
  const { type, delta = '' } = payload as DeltaEvent
  return type === textType ? delta : ''
}

const formats = {
  openai: {
    format: openaiChat,
    pick: (payload) => (payload as ChatCompletionChunk).choices[0]?.delta.content ?? '',
    libraries: ownFormat.openai,
  },
  anthropic: {
    format: anthropic,
    pick: (payload) => {
      const { type, delta } = payload as MessageEvent
      return type === 'content_block_delta' && delta?.type === 'text_delta' ? delta.text : ''
    },
    libraries: ownFormat.anthropic,
  },
  plain: {
    format: plain,
    pick: (payload) => (payload as { text: string }).text,
    libraries: [],
  },
  aiSdk: {
    format: aiSdk,
    pick: deltaOf('text-delta'),
    libraries: ownFormat.aiSdk,
  },
  agui: {
    format: agui,
    pick: deltaOf('TEXT_MESSAGE_CONTENT'),
    libraries: ownFormat.agui,
  },
} satisfies Record<string, Format>

export type FormatName = keyof typeof formats

/** The readers of a chat answer. A library that knows the format itself reads it in its own way. */
export function chatReadersOf(name: FormatName): Reader[] {
  const { format, pick, libraries }: Format = formats[name]
  const extract = (data: string) => (data === '[DONE]' ? '' : pick(JSON.parse(data)))
  const general = [...sseLibraries(extract, 'text'), aiJson(pick)]
  const isGeneral = (reader: Reader) => libraries.every((other) => other.name !== reader.name)
  return [
    ...baselines(extract, 'text'),
    ...chatReaders(format),
    ...general.filter(isGeneral),
    ...libraries,
  ]
}

/** The readers of one large event; the floor is eventsource-parser alone. */
export function bigEventReaders(): Reader[] {
  const { format, pick } = formats.plain
  const extract = (data: string) => data
  return [
    ...baselines(extract, 'data'),
    ...eventReaders,
    ...chatReaders(format),
    ...sseLibraries(extract, 'data'),
    aiJson(pick),
    openaiJson(pick),
  ]
}
