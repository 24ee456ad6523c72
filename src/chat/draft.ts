import type { ContentEvent, FinishReason } from '../chat-event.ts'
import {
  type ChatMessage,
  type DataPart,
  type MessagePart,
  resultOf,
  type ToolCallPart,
} from './message.ts'

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

/** A part that may still change. */
type Part = Writable<MessagePart>

/**
 * Gathers the events of one answer. An event costs the same however long the answer is already:
 * text is appended, which engines do without copying, and only {@link Draft.message} makes objects.
 */
export function createDraft(id: string): Draft {
  const parts: Part[] = []
  /** Those that changed since they were last handed out. */
  const changed = new Set<Part>()
  // What later events change: tool calls by id, data by name and id.
  const calls = new Map<string, Writable<ToolCallPart>>()
  const named = new Map<string, Writable<DataPart>>()
  let text = ''
  let shown: readonly MessagePart[] = []
  let message: ChatMessage | undefined

  function put<T extends Part>(part: T): T {
    parts.push(part)
    changed.add(part)
    return part
  }

  /** The part of a key, to be changed; `part` if there is none yet. */
  function partOf<T extends Part>(known: Map<string, T>, key: string, part: T): T {
    const found = known.get(key) ?? put(part)
    known.set(key, found)
    changed.add(found)
    return found
  }

  function callOf(id: string, name: string): Writable<ToolCallPart> {
    const state = 'input-streaming'
    return partOf(calls, id, { type: 'tool-call', id, name, state, inputText: '' })
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
    add({ choice: _, ...event }) {
      switch (event.type) {
        case 'text':
        case 'reasoning':
        case 'refusal': {
          if (event.type === 'text') text += event.text
          const last = parts.at(-1)
          if (last?.type !== event.type) put(event)
          else {
            last.text += event.text
            changed.add(last)
          }
          return
        }
        case 'tool-call-delta':
          callOf(event.id, event.name).inputText += event.delta
          return
        case 'tool-call': {
          const call = Object.assign(callOf(event.id, event.name), event)
          if (!('output' in call)) call.state = 'input-available'
          return
        }
        case 'tool-result':
          Object.assign(callOf(event.id, ''), resultOf(event))
          return
        case 'data': {
          if (event.transient) return
          // Without an id it is another part each time.
          const key = JSON.stringify([event.name, event.id ?? parts.length])
          Object.assign(partOf(named, key, event), event)
          return
        }
        default:
          put(event)
      }
    },
    message(status, finishReason) {
      if (changed.size > 0) {
        const known = shown
        shown = parts.map((part, index) => {
          const copy = changed.has(part) ? undefined : known[index]
          return copy ?? { ...part }
        })
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
