import type { SseEvent } from '../framing/sse.ts'
import { asArray, asObject, asText, firstText, type WireObject } from '../wire-value.ts'
import type { Emit } from './format.ts'
import { malformed } from './frames.ts'
import { collectArguments, type PartialArguments } from './gemini-arguments.ts'
import { endCall, feedCall, inputTextOf, newCall, type OpenCall } from './tool-calls.ts'

/** A function call that goes on in the next part. */
interface OpenFunctionCall {
  call: OpenCall
  pieces: PartialArguments
  /** The arguments, where they came whole. */
  whole: string
}

/** Reads the parts of one candidate that are about tools. */
export interface ToolPartReader {
  /** Whether a call waits for the caller to run it. */
  mustRun(): boolean
  /** Whether a call has begun that has not ended. */
  isOpen(): boolean
  /**
   * Returns the id of the call that the part is about, `''` if it is about none, and `undefined` if
   * the part is not about tools. The frame is for the error, if there is something wrong.
   */
  read(part: WireObject, frame: SseEvent, emit: Emit): string | undefined
  /** Hands on the call that the model did not finish, as far as it came. */
  end(emit: Emit): void
}

/** @param newId - Makes an id for a call that comes without one, as most do. */
export function readToolParts(newId: () => string): ToolPartReader {
  let open: OpenFunctionCall | undefined
  let codeId: string | undefined
  /** Calls without a result, by id; a server that runs them itself sends the result as well. */
  const waiting = new Set<string>()
  /** The ids of calls by the name of the function, in order: results often come without an id. */
  const idsByName = new Map<string, string[]>()

  function remember(name: string, id: string): void {
    const ids = idsByName.get(name) ?? []
    ids.push(id)
    idsByName.set(name, ids)
  }

  function begin(value: WireObject, name: string, emit: Emit): OpenFunctionCall {
    const call = newCall(asText(value['id']) ?? newId())
    waiting.add(call.id)
    remember(name, call.id)
    feedCall(call, name, '', emit)
    return { call, pieces: collectArguments(), whole: '' }
  }

  /** @param isCut - Without its last brace the input is not JSON: nobody takes it for a whole one. */
  function close(emit: Emit, isCut = false): void {
    if (open === undefined) return
    const { call, whole, pieces } = open
    const text = whole || pieces.toJson()
    open = undefined
    endCall(call, emit, isCut ? (text || '{}').slice(0, -1) : text)
  }

  /** A call is whole in one part, unless it says that it will continue. */
  function readCall(value: WireObject, frame: SseEvent, emit: Emit): string {
    const name = asText(value['name'])
    if (name !== undefined) {
      close(emit)
      open = begin(value, name, emit)
    }
    if (open === undefined) return ''
    const args = asObject(value['args'])
    if (args !== undefined) open.whole = JSON.stringify(args)
    for (const piece of asArray(value['partialArgs'])) {
      if (open.pieces.add(piece)) continue
      throw malformed(frame, 'Gemini', 'a path in partialArgs leads nowhere')
    }
    const { id } = open.call
    if (value['willContinue'] !== true) close(emit)
    return id
  }

  function runAtProvider(id: string, name: string, input: unknown, emit: Emit): string {
    const call = newCall(id, true)
    feedCall(call, name, '', emit)
    endCall(call, emit, inputTextOf(input))
    return id
  }

  function readResponse(value: WireObject, emit: Emit): string {
    const id = asText(value['id']) ?? idsByName.get(nameOf(value))?.shift() ?? newId()
    waiting.delete(id)
    const output = value['response']
    const response = asObject(output)
    const isError = Boolean(response?.['error']) || response?.['isError'] === true
    emit({ type: 'tool-result', id, output, isError })
    return id
  }

  return {
    mustRun: () => waiting.size > 0,
    isOpen: () => open !== undefined,
    read(part, frame, emit) {
      const call = asObject(part['functionCall'])
      if (call !== undefined) return readCall(call, frame, emit)
      const response = asObject(part['functionResponse']) ?? asObject(part['toolResponse'])
      if (response !== undefined) return readResponse(response, emit)
      const code = asObject(part['executableCode'])
      if (code !== undefined) {
        const { id, ...input } = code
        codeId = asText(id) ?? newId()
        return runAtProvider(codeId, 'code_execution', input, emit)
      }
      const outcome = asObject(part['codeExecutionResult'])
      if (outcome !== undefined) {
        const { id: ownId, ...output } = outcome
        const id = asText(ownId) ?? codeId ?? newId()
        const isError = !/^(?:OUTCOME_OK|1)$/.test(String(outcome['outcome']))
        emit({ type: 'tool-result', id, output, isError })
        return id
      }
      const tool = asObject(part['toolCall'])
      if (tool !== undefined) {
        const id = asText(tool['id']) ?? newId()
        const name = nameOf(tool)
        remember(name, id)
        return runAtProvider(id, name, tool['args'], emit)
      }
      return undefined
    },
    end: (emit) => close(emit, true),
  }
}

/** The name of a function, or of a tool that is built in. */
function nameOf(value: WireObject): string {
  return firstText(value, 'toolType', 'name') ?? 'tool'
}
