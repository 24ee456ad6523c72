import { asArray, asObject, asText, firstText, type WireObject } from '../wire-value.ts'
import { emitFile } from './emit.ts'
import type { Emit } from './format.ts'
import { inputTextOf, type OpenCall } from './tool-calls.ts'

/** The items of OpenAI Responses that are calls of tools, results and files. */

/** Whether the provider runs the tool that an item calls; `undefined` if it is no call. */
export function isProviderExecuted(item: WireObject): boolean | undefined {
  switch (item['type']) {
    case 'function_call':
    case 'custom_tool_call':
    case 'computer_call':
    case 'local_shell_call':
    case 'apply_patch_call':
      return false
    case 'shell_call':
      return asText(asObject(item['environment'])?.['type'])?.startsWith('container') ?? false
    case 'tool_search_call':
      return item['execution'] === 'server'
    case 'web_search_call':
    case 'file_search_call':
    case 'code_interpreter_call':
    case 'mcp_call':
      return true
    default:
      return undefined
  }
}

/** The name of the caller's own tool, or of the built-in one: `web_search` of `web_search_call`. */
export function nameOf(item: WireObject): string {
  return (isNamed(item) ? asText(item['name']) : asText(item['type'])?.replace(/_call$/, '')) ?? ''
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
  const sources = asObject(item['action'])?.['sources']
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
  const urls = asArray(item['outputs']).map((output) => asText(asObject(output)?.['url']))
  return urls.filter((url) => emitFile({ url }, emit, 'image/*')).length > 0
}
