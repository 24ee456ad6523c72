import type { ToolCall } from '../chat-event.ts'
import { parseJson } from '../wire-value.ts'
import type { WireEvent } from './format.ts'

type Emit = (event: WireEvent) => void

/** A tool call whose arguments are still arriving. */
export interface OpenCall {
  id: string
  /** `''` until the name has come. */
  name: string
  inputText: string
  providerExecuted?: true
  choice?: number
}

/** The keys that a call's events carry besides id, name and arguments. */
function marks(call: OpenCall): { choice?: number } {
  return call.choice === undefined ? {} : { choice: call.choice }
}

/** Announces a call: a delta of `''`, then the arguments that came before its name did. */
export function startCall(call: OpenCall, emit: Emit): void {
  emit({ type: 'tool-call-delta', id: call.id, name: call.name, delta: '', ...marks(call) })
  deltaOfCall(call, call.inputText, emit)
}

/** Hands on a piece of a call's argument text. The caller has added it to `inputText`. */
export function deltaOfCall(call: OpenCall, delta: string, emit: Emit): void {
  if (delta === '') return
  emit({ type: 'tool-call-delta', id: call.id, name: call.name, delta, ...marks(call) })
}

/** Hands on a call whose arguments are complete. They are parsed here, once. */
export function endCall(call: OpenCall, emit: Emit): void {
  const { id, name, inputText, providerExecuted } = call
  const complete: ToolCall = { id, name, input: parseInput(inputText), inputText }
  emit({
    type: 'tool-call',
    ...complete,
    ...(providerExecuted && { providerExecuted }),
    ...marks(call),
  })
}

/** A call without arguments has the input `{}`. */
function parseInput(inputText: string): unknown {
  return inputText.trim() === '' ? {} : parseJson(inputText)
}
