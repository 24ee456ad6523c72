import type { Usage } from '../chat-event.ts'
import { asNumber, asObject } from '../wire-value.ts'
import { add, usageOf } from './usage.ts'

/** Under which names one of Google's APIs sends its counts. */
type CountNames = Readonly<
  Record<'prompt' | 'toolUse' | 'candidates' | 'thoughts' | 'cached' | 'total', string>
>

/**
 * Token counts as Google's APIs divide them: prompt and tool use are input, candidates and thoughts
 * are output. `undefined` without counts: on the way Vertex sends nothing but the type of traffic.
 */
export function geminiUsage(value: unknown, names: CountNames): Usage | undefined {
  const raw = asObject(value)
  if (raw === undefined) return undefined
  const reasoningTokens = asNumber(raw[names.thoughts])
  const inputTokens = add(asNumber(raw[names.prompt]), asNumber(raw[names.toolUse]))
  const outputTokens = add(asNumber(raw[names.candidates]), reasoningTokens)
  const totalTokens = asNumber(raw[names.total]) ?? add(inputTokens, outputTokens)
  const cachedInputTokens = asNumber(raw[names.cached])
  const counts = { inputTokens, outputTokens, totalTokens, cachedInputTokens, reasoningTokens }
  return totalTokens === undefined ? undefined : usageOf(raw, counts)
}

/** The names of `generateContent`. */
export const GENERATE_COUNTS: CountNames = {
  prompt: 'promptTokenCount',
  toolUse: 'toolUsePromptTokenCount',
  candidates: 'candidatesTokenCount',
  thoughts: 'thoughtsTokenCount',
  cached: 'cachedContentTokenCount',
  total: 'totalTokenCount',
}

/** The names of the Interactions API. */
export const INTERACTION_COUNTS: CountNames = {
  prompt: 'total_input_tokens',
  toolUse: 'total_tool_use_tokens',
  candidates: 'total_output_tokens',
  thoughts: 'total_thought_tokens',
  cached: 'total_cached_tokens',
  total: 'total_tokens',
}
