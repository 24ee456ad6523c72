import { type JsonScan, scanJson } from '../json-scan.ts'
import {
  asArray,
  asNumber,
  asObject,
  asText,
  isObject,
  parseJson,
  valueAt,
  type WireObject,
} from '../wire-value.ts'
import { emitData } from './emit.ts'
import type { Emit } from './format.ts'
import { endCall, feedCall, inputTextOf, newCall, type OpenCall } from './tool-calls.ts'

interface Call extends OpenCall {
  /** Looks for the end of the arguments, at each piece once, so that the work is linear. */
  scan: JsonScan
  /** Whether they are an object or array; `undefined` before they began. */
  isJson: boolean | undefined
  isComplete: boolean
  /** The arguments `{}`, kept back: some servers send them where the real ones are still to come. */
  empty: string
}

/** One piece of a call, as read from a delta. Blank ids and names count as absent. */
interface Piece {
  index: number | undefined
  id: string | undefined
  name: string | undefined
  input: string
}

/** Collects the tool calls of one choice. */
export interface ToolCallCollector {
  size(): number
  /** Takes `delta.tool_calls` or the deprecated `delta.function_call`. */
  push(toolCalls: unknown, functionCall: unknown, emit: Emit): void
  /** The server ran a tool: hands on the result, and its call before it. */
  answer(id: string, output: unknown, emit: Emit): void
  /** The turn is over: hands on every call that is left, complete. */
  end(emit: Emit, isProviderExecuted?: boolean): void
}

/** What the tool runner of OpenAI's SDK puts before the message of a tool, in `object`. */
const TOOL_MESSAGE = 'chat.completion.chunk.message:'

/** The message of a tool that ran, if a chunk is that. */
export function toolMessageOf({ object }: WireObject): WireObject | undefined {
  if (typeof object !== 'string' || !object.startsWith(TOOL_MESSAGE)) return undefined
  return asObject(valueAt(parseJson(object.slice(TOOL_MESSAGE.length)), 'message'))
}

/**
 * Puts the pieces of tool calls together. The protocol says: the first piece of a call has index,
 * id and name, later ones only the index, and nothing marks the end. Servers deviate in every
 * respect, so each piece is matched by what it does carry; see {@link resolve}.
 *
 * @param newId - Makes an id for a call that comes without one.
 */
export function collectToolCalls(newId: () => string): ToolCallCollector {
  const calls: Call[] = []
  const byIndex = new Map<number, Call>()
  const byId = new Map<string, Call>()

  function create({ id }: Piece): Call {
    const open = newCall(id ?? newId())
    const call: Call = {
      ...open,
      scan: scanJson(),
      isJson: undefined,
      isComplete: false,
      empty: '',
    }
    calls.push(call)
    return call
  }

  /** Which call a piece belongs to; a new one if it starts one. */
  function resolve(piece: Piece): Call {
    const { index, id, name, input } = piece
    const sameId = id === undefined ? undefined : byId.get(id)
    if (sameId !== undefined) return sameId
    const last = calls.at(-1)
    const known = index === undefined ? last : byIndex.get(index)
    if (known === undefined) {
      // A new place with a name, or with an id and no arguments yet, starts a call. Anything else is
      // the rest of the last one: some servers count its head and its tail differently.
      const starts = name !== undefined || (id !== undefined && input === '')
      return starts || last === undefined || last.isComplete ? create(piece) : last
    }
    // The name may come late, but never to a call that already has one.
    if (known.name === '' && (id === undefined || known.inputText === '')) return known
    if (name === undefined) {
      return id !== undefined && startsJson(input) && known.isComplete ? create(piece) : known
    }
    // A name starts a call, unless the one at this place goes on: some servers repeat the name, and
    // change the id, with every piece.
    const isSame = id === undefined && name === known.name
    const goesOn = isSame || (known.inputText !== '' && input !== '' && !startsJson(input))
    return goesOn && !known.isComplete ? known : create(piece)
  }

  function take(piece: Piece, emit: Emit): void {
    if ((piece.id ?? piece.name) === undefined && piece.input === '') return
    const call = resolve(piece)
    if (piece.index !== undefined) byIndex.set(piece.index, call)
    if (piece.id !== undefined) byId.set(piece.id, call)
    feedCall(call, piece.name, newInput(call, piece.input), emit)
  }

  /** What a piece adds to the arguments. */
  function newInput(call: Call, input: string): string {
    const hasBegun = call.inputText !== ''
    if (input === '{}' && !hasBegun) {
      call.empty = input
      call.isComplete = true
      return ''
    }
    if (hasBegun && call.isComplete) {
      // Some gateways send the whole arguments once more.
      return input === call.inputText ? '' : input
    }
    const text = call.isJson === undefined ? input.trimStart() : input
    if (text !== '') {
      call.isJson ??= startsJson(text)
      call.isComplete = call.isJson && call.scan.next(text, 0) !== -1
    }
    return input
  }

  function complete(ended: readonly Call[], isProviderExecuted: boolean, emit: Emit): void {
    for (const call of ended) {
      if (isProviderExecuted) call.providerExecuted = true
      endCall(call, emit, call.empty)
    }
  }

  return {
    size() {
      return calls.length
    },
    push(toolCalls, functionCall, emit) {
      // Older servers of Hugging Face send one call, not a list.
      const items = isObject(toolCalls) ? [toolCalls] : asArray(toolCalls)
      for (const [position, value] of items.entries()) {
        const item = asObject(value)
        if (item === undefined) continue
        const call = asObject(item['function']) ?? asObject(item['custom'])
        const type = asText(item['type']) ?? 'function'
        if (call === undefined && type !== 'function') {
          // A tool of the server's own, such as Zhipu's `web_search`.
          emitData(type, item, emit)
          continue
        }
        take(
          {
            // Moonshot leaves the index out and sends the pieces of all calls side by side.
            index: asNumber(item['index']) ?? (items.length > 1 ? position : undefined),
            id: asText(item['id']),
            name: asText(call?.['name']),
            // Arguments are JSON text; some servers send the object itself.
            input: inputTextOf(call?.['arguments'] ?? call?.['input']),
          },
          emit,
        )
      }
      const legacy = asObject(functionCall)
      if (legacy === undefined) return
      const { name, arguments: input } = legacy
      take({ index: 0, id: undefined, name: asText(name), input: inputTextOf(input) }, emit)
    },
    answer(id, output, emit) {
      const index = calls.findIndex((call) => call.id === id)
      if (index !== -1) complete(calls.splice(index, 1), true, emit)
      emit({ type: 'tool-result', id, output, isError: false })
    },
    end(emit, isProviderExecuted = false) {
      complete(calls.splice(0), isProviderExecuted, emit)
    },
  }
}

function startsJson(input: string): boolean {
  return /^\s*[{[]/.test(input)
}
