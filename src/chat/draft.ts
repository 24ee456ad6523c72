import type { ContentEvent, FinishReason } from '../chat-event.ts'
import { type ChatMessage, type MessagePart, resultOf, type ToolCallPart } from './message.ts'

/** An answer while it is being written. */
export interface Draft {
  isEmpty(): boolean
  /** Whether anything came since `message` was last called. */
  hasChanged(): boolean
  has(callId: string): boolean
  add(event: ContentEvent): void
  /**
   * The message as it is now. Parts that did not change since the last call are the same objects,
   * and so is the message if nothing did.
   */
  message(status: ChatMessage['status'], finishReason?: FinishReason): ChatMessage
}

type Writable<T> = T extends unknown ? { -readonly [K in keyof T]: T[K] } : never

/**
 * Gathers the events of one answer. An event costs the same however long the answer is already:
 * text is appended, which engines do without copying, and only {@link Draft.message} makes objects.
 */
export function createDraft(id: string): Draft {
  const parts: Writable<MessagePart>[] = []
  /** Which parts changed since they were last handed out. */
  const changed = new Set<number>()
  /** Where the parts are that later events change: tool calls by id, data by name and id. */
  const calls = new Map<string, number>()
  const named = new Map<string, number>()
  let text = ''
  let shown: MessagePart[] = []
  let message: ChatMessage | undefined

  function put(index: number, part: Writable<MessagePart>): void {
    parts[index] = part
    changed.add(index)
  }

  function addText(type: 'text' | 'reasoning' | 'refusal', delta: string): void {
    if (type === 'text') text += delta
    const last = parts.at(-1)
    if (last?.type !== type) return put(parts.length, { type, text: delta })
    last.text += delta
    changed.add(parts.length - 1)
  }

  /** The part of a tool call, to be changed; made if there is none. */
  function callOf(id: string, name: string): Writable<ToolCallPart> {
    const index = calls.get(id) ?? parts.length
    calls.set(id, index)
    const known = parts[index]
    const call: Writable<ToolCallPart> =
      known?.type === 'tool-call'
        ? known
        : { type: 'tool-call', id, name, state: 'input-streaming', inputText: '' }
    put(index, call)
    return call
  }

  return {
    isEmpty() {
      return parts.length === 0
    },
    hasChanged() {
      return changed.size > 0
    },
    has(callId) {
      return calls.has(callId)
    },
    add(event) {
      switch (event.type) {
        case 'text':
        case 'reasoning':
        case 'refusal':
          return addText(event.type, event.text)
        case 'tool-call-delta':
          callOf(event.id, event.name).inputText += event.delta
          return
        case 'tool-call': {
          const { choice: _, ...complete } = event
          const call = Object.assign(callOf(event.id, event.name), complete)
          if (!('output' in call)) call.state = 'input-available'
          return
        }
        case 'tool-result':
          Object.assign(callOf(event.id, ''), resultOf(event))
          return
        case 'data': {
          const { choice: _, transient, ...part } = event
          if (transient) return
          if (part.id === undefined) return put(parts.length, part)
          const key = JSON.stringify([part.name, part.id])
          const index = named.get(key) ?? parts.length
          named.set(key, index)
          return put(index, part)
        }
        default: {
          const { choice: _, ...part } = event
          put(parts.length, part)
        }
      }
    },
    message(status, finishReason) {
      if (changed.size > 0) {
        shown = [...shown]
        for (const index of changed) shown[index] = { ...parts[index] } as MessagePart
        changed.clear()
        message = undefined
      }
      if (message?.status !== status) {
        const reason = finishReason && { finishReason }
        message = { id, role: 'assistant', text, parts: shown, status, ...reason }
      }
      return message
    },
  }
}
