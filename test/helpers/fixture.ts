import type { ChatErrorCode, ChatEvent, FinishReason } from 'chatwire'
import { isChatError } from 'chatwire'
import type { WireFormat } from 'chatwire/formats'
import * as formats from 'chatwire/formats'
import { expect } from 'vitest'
import { doneOf } from './run.ts'

/** The formats that fixtures are written in, by the names under which they are exported. */
export type FormatName = Exclude<keyof typeof formats, 'auto' | 'select' | 'thinkTags'>

export interface ExpectedCall {
  /** Left out where the server sends no id: then any that is not empty will do. */
  id?: string
  name: string
  input: unknown
  inputText: string
  providerExecuted?: true
}

/**
 * What a whole stream must come to. Text and lists that are left out must be empty, counts that
 * are left out of `usage` absent. `id`, `model`, `usage` and `rawFinishReason` are compared where
 * they are given; `undefined` means absent.
 */
export interface Expected {
  text?: string
  reasoning?: string
  refusal?: string
  finishReason: FinishReason
  rawFinishReason?: string | undefined
  toolCalls?: readonly ExpectedCall[]
  toolResults?: readonly { id: string; output: unknown; isError: boolean }[]
  /** Only the keys given are compared, for each source. `'any'` where the facts do not decide. */
  sources?: readonly { id?: string; url?: string; title?: string }[] | 'any'
  files?: readonly { mediaType: string; url: string }[]
  usage?: Partial<Record<UsageCount, number>> | undefined
  id?: string | undefined
  model?: string | undefined
  /** Names that occur among the `data` events. */
  data?: readonly string[]
  /** The text of the parallel answers, by number. */
  choices?: Readonly<Record<number, string>>
  error?: {
    code: ChatErrorCode
    providerCode?: string
    retryable?: boolean
    requestId?: string
    /** A part of the message. */
    says?: string
  }
}

type UsageCount =
  | 'inputTokens'
  | 'outputTokens'
  | 'totalTokens'
  | 'cachedInputTokens'
  | 'reasoningTokens'

export interface Fixture {
  /** The rule that the row shows, in plain words. */
  name: string
  contentType: string
  body: string
  format: FormatName
  /** Differs from a neighbour in a word or two, so that fewer cuts will do. */
  variant?: true
  /** `false` where the first payload cannot tell the format, so that the caller must name it. */
  sniffed?: false
  expect: Expected
  /**
   * For the cut-off test: the first bytes that tell how the answer ended. A body cut anywhere
   * before them is not complete. Left out where every cut of the body is a fault anyway (an
   * error row) or none is (raw text).
   */
  end?: string
}

export const eventStream = 'text/event-stream'
export const jsonLines = 'application/x-ndjson'
export const json = 'application/json'

const byName: Record<FormatName, WireFormat> = formats

export function formatOf(name: FormatName): WireFormat {
  return byName[name]
}

/** Asserts that a complete sequence of events says what `expected` says, and nothing more. */
export function expectResult(events: readonly ChatEvent[], expected: Expected): void {
  const done = doneOf(events)
  const actual: Record<string, unknown> = {
    text: done.text,
    reasoning: done.reasoning,
    refusal: done.refusal,
    finishReason: done.finishReason,
    toolCalls: done.toolCalls.map((call, index) => {
      const { id, ...rest } = call
      return expected.toolCalls?.[index]?.id === undefined ? rest : call
    }),
    toolResults: done.toolResults,
    files: done.files,
    error: done.error === undefined ? undefined : true,
  }
  const wanted: Record<string, unknown> = {
    text: expected.text ?? '',
    reasoning: expected.reasoning ?? '',
    refusal: expected.refusal ?? '',
    finishReason: expected.finishReason,
    toolCalls: expected.toolCalls ?? [],
    toolResults: expected.toolResults ?? [],
    files: expected.files ?? [],
    error: expected.error === undefined ? undefined : true,
  }
  for (const key of ['id', 'model', 'rawFinishReason'] as const) {
    if (!(key in expected)) continue
    actual[key] = done[key]
    wanted[key] = expected[key]
  }
  if ('usage' in expected) {
    const { raw: _, ...counts } = done.usage ?? { raw: undefined }
    actual['usage'] = done.usage === undefined ? undefined : counts
    wanted['usage'] = expected.usage
  }
  if (expected.sources !== 'any') {
    const sources = expected.sources ?? []
    actual['sources'] = done.sources.map((source, index) => {
      const keys = Object.keys(sources[index] ?? source) as (keyof typeof source)[]
      return Object.fromEntries(keys.map((key) => [key, source[key]]))
    })
    wanted['sources'] = sources
  }
  if (expected.choices !== undefined) {
    const texts: Record<number, string> = {}
    for (const event of events) {
      if (event.type !== 'text' || event.choice === undefined) continue
      texts[event.choice] = (texts[event.choice] ?? '') + event.text
    }
    actual['choices'] = texts
    wanted['choices'] = expected.choices
  }
  expect(actual).toEqual(wanted)

  const ids = done.toolCalls.map(({ id }) => id)
  expect(new Set(ids).size, 'ids of tool calls are distinct').toBe(ids.length)
  expect(ids, 'ids of tool calls are not empty').not.toContain('')

  const dataNames = events.flatMap((event) => (event.type === 'data' ? [event.name] : []))
  expect(dataNames).toEqual(expect.arrayContaining([...(expected.data ?? [])]))
  if (expected.error !== undefined) expectError(done.error, expected.error)
}

function expectError(error: unknown, expected: NonNullable<Expected['error']>): void {
  if (!isChatError(error)) throw new Error('the error is no ChatError')
  const { says, ...fields } = expected
  expect(error).toMatchObject(fields)
  if (says !== undefined) expect(error.message).toContain(says)
}
