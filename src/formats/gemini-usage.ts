import type { Usage } from '../chat-event.ts'
import { asNumber, asObject } from '../wire-value.ts'
import { add, usageOf } from './usage.ts'

/** Under which names one of Google's APIs sends its counts. */
export type GeminiUsageKeys = Readonly<
  Record<'prompt' | 'toolUse' | 'candidates' | 'thoughts' | 'cached' | 'total', string>
>

/**
 * Token counts as Google's APIs divide them: prompt and tool use are input, candidates and thoughts
 * are output. `undefined` without counts: on the way Vertex sends nothing but the type of traffic.
 */
export function geminiUsage(value: unknown, keys: GeminiUsageKeys): Usage | undefined {
  const raw = asObject(value)
  if (raw === undefined) return undefined
  const reasoningTokens = asNumber(raw[keys.thoughts])
  const inputTokens = add(asNumber(raw[keys.prompt]), asNumber(raw[keys.toolUse]))
  const outputTokens = add(asNumber(raw[keys.candidates]), reasoningTokens)
  const totalTokens = asNumber(raw[keys.total]) ?? add(inputTokens, outputTokens)
  const cachedInputTokens = asNumber(raw[keys.cached])
  const counts = { inputTokens, outputTokens, totalTokens, cachedInputTokens, reasoningTokens }
  return totalTokens === undefined ? undefined : usageOf(raw, counts)
}
