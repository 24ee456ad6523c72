import { asText, isObject, parseJson } from '../wire-value.ts'
import type { Emit } from './format.ts'

/** A tool call whose arguments are still arriving. */
export interface OpenCall {
  readonly id: string
  /** `''` until the name has come. */
  name: string
  inputText: string
  /** Whether its first event was emitted; not before its name is known. */
  isAnnounced: boolean
  providerExecuted?: true
  /** The input as the server says it is, whatever the model wrote. */
  input?: unknown
}

/** A call of which nothing has been emitted yet. */
export function newCall(id: string, isProviderExecuted = false): OpenCall {
  const call = { id, name: '', inputText: '', isAnnounced: false }
  return isProviderExecuted ? { ...call, providerExecuted: true } : call
}

/** Takes a piece of a call: its name, if that was not known yet, argument text, or both. */
export function feedCall(call: OpenCall, name: unknown, piece: unknown, emit: Emit): void {
  const delta = asText(piece) ?? ''
  call.inputText += delta
  if (call.isAnnounced) return emitDelta(call, delta, emit)
  call.name = asText(name) ?? ''
  if (call.name !== '') announce(call, emit)
}

function announce(call: OpenCall, emit: Emit): void {
  call.isAnnounced = true
  emit({ type: 'tool-call-delta', id: call.id, name: call.name, delta: '' })
  emitDelta(call, call.inputText, emit)
}

function emitDelta({ id, name }: OpenCall, delta: string, emit: Emit): void {
  if (delta !== '') emit({ type: 'tool-call-delta', id, name, delta })
}

/**
 * Hands on a call whose arguments are complete. They are parsed here, once.
 * @param whole - The arguments as the server repeats them: they count where no pieces came.
 */
export function endCall(call: OpenCall, emit: Emit, whole = ''): void {
  if (call.inputText === '') feedCall(call, call.name, whole, emit)
  if (!call.isAnnounced) announce(call, emit)
  const { id, name, inputText, providerExecuted } = call
  const input = call.input === undefined ? parseInput(inputText) : call.input
  emit({
    type: 'tool-call',
    id,
    name,
    input,
    inputText,
    ...(providerExecuted && { providerExecuted }),
  })
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
