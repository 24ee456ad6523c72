import type { FinishReason } from '../chat-event.ts'
import type { Emit } from './format.ts'
import { endCall, feedCall, newCall, type OpenCall } from './tool-calls.ts'

interface AwaitedCall extends OpenCall {
  /** Whether all its arguments came. */
  isWhole: boolean
}

/**
 * The tool calls of formats in which only a call's result tells that the server ran the tool. A call
 * is handed on when its result comes, or when its step or the answer ends without one and the caller
 * must run it. Its arguments are handed on as they come.
 */
export interface AwaitedCalls {
  /** Takes a piece of a call: its name, or argument text, or both. */
  add(id: string, name: unknown, delta: unknown, emit: Emit): void
  /** Takes the arguments as far as they are by now, for servers that repeat them. */
  grow(id: string, name: unknown, inputText: string, emit: Emit): void
  /**
   * Takes a call whole; what came of its arguments in pieces stands.
   * @param input - The parsed input, where the server may have repaired what the model wrote.
   */
  give(id: string, name: unknown, inputText: string, emit: Emit, input?: unknown): void
  /** All arguments of a call came. */
  markWhole(id: string | undefined): void
  /** The provider said, before its arguments were whole, that it runs the tool. */
  markProvided(id: string): void
  /** Nobody but the server is to run the tool: hands on the call. */
  runs(id: string, emit: Emit): void
  /** The caller must answer for a call before anybody runs it: hands on the call. */
  asks(id: string, emit: Emit): void
  /** Hands on the result of a call, once, and the call before it. */
  answer(id: string, output: unknown, isError: boolean, emit: Emit): void
  /** A step ended: hands on the calls that are left and whole, or all if the answer is over. */
  end(isOver: boolean, emit: Emit): void
  /** Forgets which calls are over, because their ids may come again. */
  forget(): void
  /** Whether a call waits for the caller. */
  isWaiting(): boolean
  /** Why a regular answer ended: whether calls are left to run decides, and not the word for it. */
  reasonFor(reason: FinishReason): FinishReason
  /** Whether more of a call's arguments may come. */
  isOpen(id: string): boolean
}

export function awaitCalls(): AwaitedCalls {
  /** In the order in which they were made. */
  const open = new Map<string, AwaitedCall>()
  /** Calls that were handed on: what still comes of them is a repetition. */
  const closed = new Set<string>()
  const answered = new Set<string>()
  /** Calls that were handed on to the caller, and have no result. */
  const waiting = new Set<string>()
  let hasRun = false

  function close(call: AwaitedCall, emit: Emit): void {
    open.delete(call.id)
    closed.add(call.id)
    // Pieces that never got a name belong to no call.
    if (call.name === '') return
    if (!call.providerExecuted) waiting.add(call.id)
    endCall(call, emit)
  }

  const calls: AwaitedCalls = {
    add(id, name, delta, emit) {
      const call = open.get(id) ?? { ...newCall(id), isWhole: false }
      if (closed.has(id)) return
      open.set(id, call)
      feedCall(call, name, delta, emit)
    },
    grow(id, name, inputText, emit) {
      calls.add(id, name, inputText.slice(open.get(id)?.inputText.length ?? 0), emit)
    },
    give(id, name, inputText, emit, input) {
      calls.add(id, name, open.get(id)?.inputText ? '' : inputText, emit)
      const call = open.get(id)
      if (call === undefined) return
      call.input = input
      call.isWhole = true
      if (call.providerExecuted) close(call, emit)
    },
    markProvided(id) {
      hasRun = true
      const call = open.get(id)
      if (call !== undefined) call.providerExecuted = true
    },
    markWhole(id = '') {
      const call = open.get(id)
      if (call !== undefined) call.isWhole = true
    },
    runs(id, emit) {
      calls.markProvided(id)
      const call = open.get(id)
      if (call !== undefined) close(call, emit)
      waiting.delete(id)
    },
    asks(id, emit) {
      const call = open.get(id)
      if (call !== undefined) close(call, emit)
      waiting.add(id)
    },
    answer(id, output, isError, emit) {
      if (answered.has(id)) return
      answered.add(id)
      calls.runs(id, emit)
      emit({ type: 'tool-result', id, output, isError })
    },
    end(isOver, emit) {
      for (const call of open.values()) if (isOver || call.isWhole) close(call, emit)
    },
    forget() {
      closed.clear()
      answered.clear()
    },
    isWaiting() {
      return waiting.size > 0 || [...open.values()].some((call) => !call.providerExecuted)
    },
    reasonFor(reason) {
      if (calls.isWaiting()) return 'tool-calls'
      // The model was to go on with the results, but the server has a limit of steps.
      return reason === 'tool-calls' && hasRun ? 'stop' : reason
    },
    isOpen(id) {
      return open.get(id)?.isWhole === false
    },
  }
  return calls
}
