import { asText, isObject, parseJson } from '../wire-value.ts'
import type { Emit } from './format.ts'

/** A tool call whose arguments are still arriving. */
export interface OpenCall {
  readonly id: string
  /** `''` until the name has come; only then the call is announced. */
  name: string
  inputText: string
  providerExecuted?: true
  /** The input as the server says it is, whatever the model wrote. */
  input?: unknown
}

/** A call of which nothing has been emitted yet. */
export function newCall(id: string, isProviderExecuted = false): OpenCall {
  return { id, name: '', inputText: '', ...(isProviderExecuted && { providerExecuted: true }) }
}

/** Takes a piece of a call: its name, if that was not known yet, argument text, or both. */
export function feedCall(call: OpenCall, name: unknown, piece: unknown, emit: Emit): void {
  let delta = asText(piece) ?? ''
  call.inputText += delta
  if (call.name === '') {
    call.name = asText(name) ?? ''
    if (call.name === '') return
    emitDelta(call, '', emit)
    delta = call.inputText
  }
  if (delta !== '') emitDelta(call, delta, emit)
}

function emitDelta({ id, name }: OpenCall, delta: string, emit: Emit): void {
  emit({ type: 'tool-call-delta', id, name, delta })
}

/**
 * Hands on a call whose arguments are complete. They are parsed here, once.
 * @param whole - The arguments as the server repeats them: they count where no pieces came.
 */
export function endCall(call: OpenCall, emit: Emit, whole = ''): void {
  if (call.inputText === '') feedCall(call, '', whole, emit)
  const { id, name, inputText, providerExecuted, input = parseInput(inputText) } = call
  const mark = providerExecuted && { providerExecuted }
  emit({ type: 'tool-call', id, name, input, inputText, ...mark })
}

/** A call without arguments has the input `{}`; some servers write `null` for none. */
function parseInput(inputText: string): unknown {
  return /^\s*(?:null\s*)?$/.test(inputText) ? {} : parseJson(inputText)
}

/** Arguments as text: JSON text as it stands, anything else as JSON. */
export function inputTextOf(value: unknown): string {
  if (typeof value === 'string') return value
  return value === undefined || value === null ? '' : JSON.stringify(value)
}

/** The same for servers that send an empty object where the arguments are still to come. */
export function inputTextUnlessEmpty(value: unknown): string {
  return isObject(value) && Object.keys(value).length === 0 ? '' : inputTextOf(value)
}
