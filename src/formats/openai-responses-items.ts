import { asArray, asObject, asText, firstText, valueAt, type WireObject } from '../wire-value.ts'
import { emitFile, emitSource } from './emit.ts'
import type { Emit } from './format.ts'
import { inputTextOf, type OpenCall } from './tool-calls.ts'

/** The items of OpenAI Responses: messages, reasoning, calls of tools, results and files. */

export type TextKind = 'text' | 'reasoning' | 'refusal'

/** The texts that come in deltas, each by what its events are called after. */
export const TEXTS: ReadonlyMap<string, TextKind> = /* @__PURE__ */ new Map([
  ['output_text', 'text'],
  ['reasoning_summary_text', 'reasoning'],
  ['reasoning_text', 'reasoning'],
  ['refusal', 'refusal'],
])

/** One item of the answer: a message, a piece of reasoning, a call of a tool. */
export interface Item {
  /** What of it came already, by kind and by place: the end of the item holds it once more. */
  seen: Set<string>
  call: OpenCall | undefined
  /** The input that came whole; pieces are preferred to it. */
  wholeInput: string
  isDone: boolean
}

export function newItem(): Item {
  return { seen: new Set(), call: undefined, wholeInput: '', isDone: false }
}

/** The items of one answer. */
export interface Items {
  /** The item that an event is about. */
  at(payload: WireObject): Item
  /** Takes an item that begins, in the place that its event gives. */
  start(payload: WireObject, item: Item): void
}

/**
 * Items go by their place in the answer, not by id: GitHub Copilot makes up another one for each
 * event. Servers that give no place are told by the id, and those that give neither by the order.
 */
export function createItems(): Items {
  const items = new Map<unknown, Item>()
  let last: Item | undefined
  /** An item of which text came that did not say whose it is. */
  let unplaced: Item | undefined

  function put(item: Item, ...keys: unknown[]): void {
    for (const key of keys) if (key !== undefined) items.set(key, item)
    last = item
  }

  /** The item that an event is about if its place is new, or that of an item that is over. */
  function otherItem(payload: WireObject, key: unknown, over: Item | undefined): Item {
    const id = payload['item_id'] ?? valueAt(payload, 'item', 'id')
    // The end of an item may come twice; LiteLLM puts the text in the place of the reasoning.
    if (key !== undefined && over && (id === undefined || items.get(id) === over)) return over
    const known = items.get(id) ?? unplaced
    const item = known === undefined || known.isDone ? newItem() : known
    unplaced = key === undefined ? item : undefined
    put(item, key, id)
    return item
  }

  return {
    at(payload) {
      const key = keyOf(payload)
      let item = key === undefined ? last : items.get(key)
      if (item === undefined || item.isDone) item = otherItem(payload, key, item)
      last = item
      return item
    },
    start(payload, item) {
      put(item, keyOf(payload), valueAt(payload, 'item', 'id'))
    },
  }
}

/** What tells the item that an event is about from the others. */
function keyOf(payload: WireObject): unknown {
  const { item } = payload
  const place = payload['output_index'] ?? payload['item_id']
  return place ?? valueAt(item, 'id') ?? valueAt(item, 'call_id')
}

/** What a message or a piece of reasoning consists of, in order. */
export function* partsOf(
  item: WireObject,
): Generator<{ kind: TextKind | 'annotation'; place: number; value: unknown }> {
  const summary = asArray(item['summary'])
  const parts = summary.length > 0 ? summary : asArray(item['content'])
  for (const [place, value] of parts.entries()) {
    const { text, refusal, annotations } = asObject(value) ?? {}
    yield { kind: item['type'] === 'reasoning' ? 'reasoning' : 'text', place, value: text }
    yield { kind: 'refusal', place, value: refusal }
    for (const value of asArray(annotations)) yield { kind: 'annotation', place, value }
  }
}

export function emitAnnotation(annotation: WireObject, emit: Emit): void {
  const url = asText(annotation['url'])
  const title = firstText(annotation, 'title', 'filename')
  emitSource({ id: asText(annotation['file_id']), url, title }, annotation, emit)
}

/** Whether the provider runs the tool that an item calls; `undefined` if it is no call. */
export function isProviderExecuted(item: WireObject): boolean | undefined {
  switch (item['type']) {
    case 'function_call':
    case 'custom_tool_call':
    case 'computer_call':
    case 'local_shell_call':
    case 'apply_patch_call':
      // Whoever ran it knows its output. xAI's searches on X look like calls of custom tools.
      return item['output'] != null || /^xs_call/.test(asText(item['call_id']) ?? '')
    case 'shell_call':
      return asText(valueAt(item, 'environment', 'type'))?.startsWith('container') ?? false
    case 'tool_search_call':
      return item['execution'] === 'server'
    // An image is a file of the answer.
    case 'image_generation_call':
      return undefined
    // Code that the model wrote, and that calls the caller's tools.
    case 'program':
    // Perplexity's searches begin as the call of a function, and end as this.
    case 'search_results':
      return true
    // Searches, interpreters, MCP: what the provider adds to its tools, it runs.
    default:
      return asText(item['type'])?.endsWith('_call') || undefined
  }
}

/** The name of the tool. A built-in one is called after its item: `web_search`. */
export function nameOf(item: WireObject): string {
  const builtIn = isNamed(item) ? undefined : asText(item['type'])?.replace(/_call$/, '')
  return asText(item['name']) ?? builtIn ?? ''
}

function isNamed({ type }: WireObject): boolean {
  return type === 'function_call' || type === 'custom_tool_call' || type === 'mcp_call'
}

/** The whole input in an item, or in the event that ends an input. */
export function inputText(holder: WireObject): string {
  return inputTextOf(holder['arguments'] ?? holder['input'] ?? holder['code'])
}

/** What an item says about the call itself. */
const NOT_INPUT =
  /^(?:id|call_id|type|status|name|environment|execution|outputs?|results|error|agent)$/

/** The input of a tool without arguments: the rest of its item. */
export function inputOfItem(item: WireObject): string {
  if (item['type'] === undefined || isNamed(item) || 'code' in item) return ''
  const input = Object.entries(item).filter(([key]) => !NOT_INPUT.test(key))
  return input.length > 0 ? JSON.stringify(Object.fromEntries(input)) : ''
}

/** Hands on what a tool that the provider ran gave back, where its item holds that. */
export function readResult(call: OpenCall, item: WireObject, emit: Emit): void {
  if (!call.providerExecuted) return
  const { error } = item
  const isError = error != null || item['status'] === 'failed'
  const sources = valueAt(item, 'action', 'sources')
  const found = item['output'] ?? item['outputs'] ?? item['results'] ?? sources
  const output = isError ? (error ?? found ?? null) : found
  if (output != null || isError) emit({ type: 'tool-result', id: call.id, output, isError })
  readFiles(item, emit)
}

/** Hands on the images that an item holds. Returns whether there are any. */
export function readFiles(item: WireObject, emit: Emit): boolean {
  if (item['type'] === 'image_generation_call') {
    const mediaType = `image/${firstText(item, 'output_format') ?? 'png'}`
    return emitFile({ base64: asText(item['result']), mediaType }, emit)
  }
  const urls = asArray(item['outputs']).map((output) => asText(valueAt(output, 'url')))
  return urls.filter((url) => emitFile({ url }, emit, 'image/*')).length > 0
}

/** How a response ended that is over by its event; some servers say in it that it was cut. */
export function endOf(response: unknown): string {
  const status = asText(valueAt(response, 'status')) ?? ''
  return /^(?:incomplete|failed|cancelled)$/.test(status) ? status : 'completed'
}
