import type { Usage } from '../chat-event.ts'
import { asNumber, defined, type WireObject } from '../wire-value.ts'

/** Under which names one of Google's APIs sends its counts. */
export interface GeminiUsageKeys {
  prompt: string
  toolUse: string
  candidates: string
  thoughts: string
  cached: string
  total: string
}

/**
 * Token counts as Google's APIs divide them: prompt and tool use are input, candidates and thoughts
 * are output. `undefined` without counts: on the way Vertex sends nothing but the type of traffic.
 */
export function geminiUsage(raw: WireObject | undefined, keys: GeminiUsageKeys): Usage | undefined {
  if (raw === undefined) return undefined
  const reasoningTokens = asNumber(raw[keys.thoughts])
  const inputTokens = sum(asNumber(raw[keys.prompt]), asNumber(raw[keys.toolUse]))
  const outputTokens = sum(asNumber(raw[keys.candidates]), reasoningTokens)
  const totalTokens = asNumber(raw[keys.total]) ?? sum(inputTokens, outputTokens)
  if (totalTokens === undefined) return undefined
  const cachedInputTokens = asNumber(raw[keys.cached])
  return {
    ...defined({ inputTokens, outputTokens, totalTokens, cachedInputTokens, reasoningTokens }),
    raw,
  }
}

function sum(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined && b === undefined ? undefined : (a ?? 0) + (b ?? 0)
}
