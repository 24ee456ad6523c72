import type { Usage } from '../chat-event.ts'
import { asNumber, asObject, defined, valueAt, type WireObject } from '../wire-value.ts'

/** Token counts: the same meaning for whatever names they come under. */

/** What the names have in common that servers, frameworks and apps give to each count. */
const COUNT_NAMES: readonly [RegExp, keyof Counts][] = [
  [/^(?:prompt|input)_?tokens$/i, 'inputTokens'],
  [/^(?:completion|output)_?tokens$/i, 'outputTokens'],
  [/^total_?tokens$/i, 'totalTokens'],
  [
    /^(?:prompt_cache_hit|cached|cached_?input|cache_?read(?:_?input)?)(?:_?tokens)?$/i,
    'cachedInputTokens',
  ],
  [/^reasoning(?:_?tokens)?$/i, 'reasoningTokens'],
]

/** Reads token counts under whatever names. `undefined` if `value` is no object, or an empty one. */
export function readUsage(value: unknown): Usage | undefined {
  const raw = asObject(value)
  if (raw === undefined) return undefined
  // Routes hand on the provider's own object.
  if ('cache_read_input_tokens' in raw && !('prompt_tokens' in raw)) return anthropicUsage(raw)
  const counts: Partial<Counts> = {}
  const entries = Object.entries(raw)
  if (entries.length === 0) return undefined
  // What is counted more closely stands in objects within, such as `prompt_tokens_details`.
  const details = entries.filter(([name]) => /details$/i.test(name))
  const within = details.flatMap(([, value]) => Object.entries(asObject(value) ?? {}))
  for (const [name, value] of [...entries, ...within]) {
    const count = COUNT_NAMES.find(([pattern]) => pattern.test(name))?.[1]
    if (count !== undefined) counts[count] ??= asNumber(value)
  }
  // xAI counts reasoning beside the completion; its own total proves it.
  const { inputTokens = 0, outputTokens = 0, reasoningTokens = 0, totalTokens } = counts
  if (reasoningTokens > 0 && totalTokens === inputTokens + outputTokens + reasoningTokens) {
    counts.outputTokens = outputTokens + reasoningTokens
  }
  return usageOf(raw, counts)
}

/** Anthropic's counts: what comes from a cache, or goes into one, stands beside the input. */
export function anthropicUsage(raw: WireObject): Usage {
  const cachedInputTokens = asNumber(raw['cache_read_input_tokens'])
  const input = asNumber(raw['input_tokens'])
  const created = asNumber(raw['cache_creation_input_tokens'])
  return usageOf(raw, {
    inputTokens: input === undefined ? undefined : add(input, cachedInputTokens, created),
    outputTokens: asNumber(raw['output_tokens']),
    cachedInputTokens,
    reasoningTokens: asNumber(valueAt(raw, 'output_tokens_details', 'thinking_tokens')),
  })
}

type Counts = { [K in Exclude<keyof Usage, 'raw'>]: number | undefined }

/** Usage from its counts. The total is the sum of both where the provider gives none. */
export function usageOf(raw: WireObject, counts: Partial<Counts>): Usage {
  const { inputTokens, outputTokens } = counts
  const isWhole = inputTokens !== undefined && outputTokens !== undefined
  const totalTokens = counts.totalTokens ?? (isWhole ? inputTokens + outputTokens : undefined)
  return { ...defined({ ...counts, totalTokens }), raw }
}

/** Adds the counts of one part of an answer to those of the parts before it. */
export function addUsage(before: Usage | undefined, usage: Usage): Usage {
  const sum = { ...usage }
  for (const [, name] of COUNT_NAMES) {
    const count = add(before?.[name], usage[name])
    if (count !== undefined) sum[name] = count
  }
  return sum
}

/** The sum of the counts that are there; `undefined` if none is. */
export function add(...counts: (number | undefined)[]): number | undefined {
  return counts.reduce((sum, count) => (count === undefined ? sum : count + (sum ?? 0)), undefined)
}
