import type { WireEvent } from './format.ts'
import { deltaOfCall, endCall, type OpenCall, startCall } from './tool-calls.ts'

type Emit = (event: WireEvent) => void

interface AwaitedCall extends OpenCall {
  isStarted: boolean
  /** Whether all its arguments came. */
  isWhole: boolean
}

/**
 * The tool calls of formats in which only a call's result tells that the server ran the tool. A call
 * is handed on when its result comes, or when the answer ends without one and the caller must run
 * it. Its arguments are handed on as they come.
 */
export interface AwaitedCalls {
  /** Takes a piece of a call: its name, or argument text, or both. */
  add(id: string, name: string | undefined, delta: string, emit: Emit): void
  /** Takes the arguments as far as they are by now, for servers that repeat them. */
  grow(id: string, name: string | undefined, inputText: string, emit: Emit): void
  /** Takes a call whole; what came of its arguments in pieces stands. */
  give(id: string, name: string | undefined, inputText: string, emit: Emit): void
  /** All arguments of a call came. */
  markWhole(id: string): void
  /** The server runs the tool itself: hands on the call. */
  runs(id: string, emit: Emit): void
  /** Hands on the result of a call, once, and the call before it. */
  answer(id: string, output: unknown, isError: boolean, emit: Emit): void
  /** Hands on the calls that are left: those that are whole, or all if the answer is over. */
  end(isOver: boolean, emit: Emit): void
  /** Whether a call waits for the caller. */
  isWaiting(): boolean
}

export function awaitCalls(): AwaitedCalls {
  /** In the order in which they were made. */
  const open = new Map<string, AwaitedCall>()
  /** Calls that were handed on: what still comes of them is a repetition. */
  const closed = new Set<string>()
  const answered = new Set<string>()

  function close(call: AwaitedCall, emit: Emit): void {
    open.delete(call.id)
    closed.add(call.id)
    if (call.isStarted) endCall(call, emit)
  }

  function runs(id: string, emit: Emit): void {
    const call = open.get(id)
    if (call === undefined) return
    call.providerExecuted = true
    close(call, emit)
  }

  const calls: AwaitedCalls = {
    add(id, name, delta, emit) {
      if (closed.has(id)) return
      let call = open.get(id)
      if (call === undefined) {
        call = { id, name: '', inputText: '', isStarted: false, isWhole: false }
        open.set(id, call)
      }
      call.name ||= name ?? ''
      call.inputText += delta
      if (call.isStarted) return deltaOfCall(call, delta, emit)
      if (call.name === '') return
      call.isStarted = true
      startCall(call, emit)
    },
    grow(id, name, inputText, emit) {
      calls.add(id, name, inputText.slice(open.get(id)?.inputText.length ?? 0), emit)
    },
    give(id, name, inputText, emit) {
      calls.add(id, name, open.get(id)?.inputText ? '' : inputText, emit)
      calls.markWhole(id)
    },
    markWhole(id) {
      const call = open.get(id)
      if (call !== undefined) call.isWhole = true
    },
    runs,
    answer(id, output, isError, emit) {
      if (answered.has(id)) return
      answered.add(id)
      runs(id, emit)
      emit({ type: 'tool-result', id, output, isError })
    },
    end(isOver, emit) {
      for (const call of open.values()) if (isOver || call.isWhole) close(call, emit)
    },
    isWaiting() {
      return open.size > 0
    },
  }
  return calls
}
