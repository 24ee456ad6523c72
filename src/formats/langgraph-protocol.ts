import type { AnswerFacts } from '../chat-event.ts'
import { asArray, asObject, asText, firstText, valueAt, type WireObject } from '../wire-value.ts'
import type { AwaitedCalls } from './awaited-calls.ts'
import { emitData, emitError, emitFacts, emitReasoning, emitSource, emitText } from './emit.ts'
import type { Emit } from './format.ts'
import { finishReasonOf } from './frames.ts'
import { inputTextUnlessEmpty } from './tool-calls.ts'
import { readUsage } from './usage.ts'

/** The message that a node of the graph is writing. */
interface NodeMessage {
  isAnswer: boolean
  /** Whether text or reasoning came in pieces, so that the finished block repeats it. */
  isStreamed: boolean
  /** The id of the call at each index. */
  calls: Map<unknown, string>
}

/** Reads the events of LangGraph's agent streaming protocol. */
export interface ProtocolReader {
  read(method: string, params: WireObject, emit: Emit): void
  /** Why the answer ended, if it said so and nothing came after it. */
  finish(): AnswerFacts | undefined
  /** Whether the run as a whole has completed. */
  isCompleted(): boolean
}

/** @see https://github.com/langchain-ai/agent-protocol (draft 0.0.19, read 2026-11-21) */
export function readProtocol(calls: AwaitedCalls): ProtocolReader {
  const nodes = new Map<string, NodeMessage>()
  let finish: AnswerFacts | undefined
  let isCompleted = false
  let unnamedCalls = 0

  function startMessage(data: WireObject, emit: Emit): NodeMessage {
    const isAnswer = /^(?:ai|assistant)$/.test(asText(data['role']) ?? 'ai')
    const model = asText(valueAt(data, 'metadata', 'model'))
    if (isAnswer) emitFacts({ id: asText(data['id']), model }, emit)
    return { isAnswer, isStreamed: false, calls: new Map() }
  }

  function readMessage(data: WireObject, node: NodeMessage, emit: Emit): void {
    const index = data['index']
    const content = asObject(data['content']) ?? {}
    switch (data['event']) {
      case 'content-block-start':
        return readPiece(content, index, node, emit)
      case 'content-block-delta': {
        const delta = asObject(data['delta']) ?? {}
        return readPiece(asObject(delta['fields']) ?? delta, index, node, emit)
      }
      case 'content-block-finish':
        return finishBlock(content, index, node, emit)
      case 'usage':
      case 'message-finish': {
        emitFacts({ usage: readUsage(data['usage']) }, emit)
        const reason = asText(data['reason'])
        if (reason !== undefined) {
          finish = { finishReason: finishReasonOf(reason), rawFinishReason: reason }
        }
        return
      }
      default:
        emitData('messages', data, emit)
    }
  }

  /** Text and reasoning are pieces; a call's arguments are all that came so far. */
  function readPiece(piece: WireObject, index: unknown, node: NodeMessage, emit: Emit): void {
    finish = undefined
    if (firstText(piece, 'text', 'reasoning') !== undefined) node.isStreamed = true
    emitReasoning(piece['reasoning'], emit)
    emitText(piece['text'], emit)
    if (!/tool_call/.test(asText(piece['type']) ?? '')) return
    const id = callIdOf(piece, index, node)
    calls.grow(id, piece['name'], inputTextUnlessEmpty(piece['args']), emit)
  }

  function callIdOf(block: WireObject, index: unknown, node: NodeMessage): string {
    const id = asText(block['id']) ?? node.calls.get(index) ?? `call-${++unnamedCalls}`
    node.calls.set(index, id)
    return id
  }

  function finishBlock(block: WireObject, index: unknown, node: NodeMessage, emit: Emit): void {
    const type = asText(block['type']) ?? ''
    switch (type) {
      case 'text':
      case 'reasoning':
        if (!node.isStreamed) {
          emitReasoning(block['reasoning'], emit)
          emitText(block['text'], emit)
        }
        for (const note of asArray(block['annotations'])) readCitation(note, emit)
        return
      case 'tool_call':
      case 'invalid_tool_call':
      case 'server_tool_call': {
        const id = callIdOf(block, index, node)
        calls.give(id, block['name'], inputTextUnlessEmpty(block['args']), emit)
        if (type === 'server_tool_call') calls.runs(id, emit)
        return
      }
      case 'server_tool_result': {
        const id = asText(block['tool_call_id']) ?? ''
        return calls.answer(id, block['output'], block['status'] === 'error', emit)
      }
      default:
        emitData(type || 'content', block, emit)
    }
  }

  function readTool(data: WireObject, params: WireObject, emit: Emit): void {
    const id = asText(data['tool_call_id']) ?? ''
    switch (data['event']) {
      case 'tool-started':
        calls.give(id, data['tool_name'], inputTextUnlessEmpty(data['input']), emit)
        return calls.runs(id, emit)
      case 'tool-finished':
        return calls.answer(id, data['output'], false, emit)
      case 'tool-error':
        return calls.answer(id, data['message'], true, emit)
      default:
        emitData('tools', params, emit)
    }
  }

  return {
    read(method, params, emit) {
      const data = asObject(params['data']) ?? {}
      const event = data['event']
      const isRoot = asArray(params['namespace']).length === 0
      const isFailure =
        (method === 'messages' && event === 'error') ||
        (method === 'lifecycle' && event === 'failed' && isRoot)
      if (isFailure) return emitError(data, emit)
      if (method === 'tools') return readTool(data, params, emit)
      if (method === 'messages') {
        const key = JSON.stringify([params['namespace'], params['node']])
        let node = nodes.get(key)
        if (node === undefined || event === 'message-start') {
          node = startMessage(event === 'message-start' ? data : {}, emit)
          nodes.set(key, node)
        }
        if (event === 'message-start' || !node.isAnswer) return
        return readMessage(data, node, emit)
      }
      if (method === 'lifecycle' && isRoot && event === 'completed') {
        isCompleted = true
        finish ??= { finishReason: 'stop' }
      }
      emitData(method, params, emit)
    },
    finish: () => finish,
    isCompleted: () => isCompleted,
  }
}

function readCitation(value: unknown, emit: Emit): void {
  const citation = asObject(value)
  const url = asText(citation?.['url'])
  const title = asText(citation?.['title'])
  if ((url ?? title) !== undefined) emitSource({ url, title }, citation, emit)
}
