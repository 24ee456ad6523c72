import type { ToolResult } from '../chat-event.ts'
import { asArray, asObject, asText, type WireObject } from '../wire-value.ts'
import type { WireEvent } from './format.ts'
import { mediaTypeOf } from './frames.ts'
import type { OpenCall } from './tool-calls.ts'

type Emit = (event: WireEvent) => void

/** The items of OpenAI Responses that are calls of tools, results and files. */

/** The items that are calls, and whether the provider runs them. */
const CALLS = new Map<string, (item: WireObject) => boolean>([
  ['function_call', () => false],
  ['custom_tool_call', () => false],
  ['computer_call', () => false],
  ['local_shell_call', () => false],
  ['apply_patch_call', () => false],
  [
    'shell_call',
    (item) => /^container/.test(asText(asObject(item['environment'])?.['type']) ?? ''),
  ],
  ['tool_search_call', (item) => item['execution'] === 'server'],
  ['web_search_call', () => true],
  ['file_search_call', () => true],
  ['code_interpreter_call', () => true],
  ['mcp_call', () => true],
])

/** What an item says about the call itself; the rest is the input of a tool without arguments. */
const NOT_INPUT: ReadonlySet<string> = new Set(
  'id call_id type status name environment execution output outputs results error agent'.split(' '),
)

/** The call that an item is, if it is one. Its id is `''` if it has none, its input not yet read. */
export function callOf(item: WireObject): OpenCall | undefined {
  const type = asText(item['type']) ?? ''
  const isRunByProvider = CALLS.get(type)
  if (isRunByProvider === undefined) return undefined
  return {
    // The model expects `call_id` back. What the provider runs may have none.
    id: asText(item['call_id']) ?? asText(item['id']) ?? '',
    name: nameOf(type, item),
    inputText: '',
    ...(isRunByProvider(item) && { providerExecuted: true }),
  }
}

/** The name of the caller's own tool, or of the built-in one: `web_search` of `web_search_call`. */
function nameOf(type: string, item: WireObject): string {
  if (isNamed(type)) return asText(item['name']) ?? ''
  return type.replace(/_call$/, '')
}

function isNamed(type: string): boolean {
  return type === 'function_call' || type === 'custom_tool_call' || type === 'mcp_call'
}

/** The whole input in an item, or in the event that ends an input. */
export function inputText(holder: WireObject): string {
  const input = holder['arguments'] ?? holder['input'] ?? holder['code'] ?? ''
  return typeof input === 'string' ? input : JSON.stringify(input)
}

/** Completes a call from its item. A name and an input that came in pieces stay. */
export function endOfCall(call: OpenCall, item: WireObject, wholeInput: string): void {
  const type = asText(item['type']) ?? ''
  if (call.name === '') call.name = nameOf(type, item)
  if (call.inputText !== '') return
  call.inputText = inputText(item) || wholeInput
  if (call.inputText !== '' || type === '' || isNamed(type) || 'code' in item) return
  const input = Object.entries(item).filter(([key]) => !NOT_INPUT.has(key))
  if (input.length > 0) call.inputText = JSON.stringify(Object.fromEntries(input))
}

/** Hands on what a tool that the provider ran gave back, where its item holds that. */
export function readResult(call: OpenCall, item: WireObject, emit: Emit): void {
  if (!call.providerExecuted) return
  const { error } = item
  const isError = error != null || item['status'] === 'failed'
  const found =
    item['output'] ??
    item['outputs'] ??
    item['results'] ??
    asObject(item['action'])?.['sources'] ??
    undefined
  const output = isError ? (error ?? found ?? null) : found
  if (output !== undefined) emit({ type: 'tool-result', id: call.id, output, isError })
  readFiles(item, emit)
}

/** The result that an item is: what the provider gave back for a call with an item of its own. */
export function toolResultOf(type: string, item: WireObject): ToolResult | undefined {
  const id = asText(item['call_id'])
  if (!type.endsWith('_output') || id === undefined) return undefined
  const isError = item['status'] === 'failed'
  return { id, output: item['output'] ?? item, isError }
}

/** Hands on the images that an item holds. Returns whether there are any. */
export function readFiles(item: WireObject, emit: Emit): boolean {
  const image = item['type'] === 'image_generation_call' ? asText(item['result']) : undefined
  if (image !== undefined) {
    const mediaType = `image/${asText(item['output_format']) ?? 'png'}`
    emit({ type: 'file', mediaType, url: `data:${mediaType};base64,${image}` })
    return true
  }
  let found = false
  for (const output of asArray(item['outputs'])) {
    const url = asText(asObject(output)?.['url'])
    if (url === undefined) continue
    found = true
    emit({ type: 'file', mediaType: mediaTypeOf(url, 'image/*'), url })
  }
  return found
}
