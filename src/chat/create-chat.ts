import type { ChatResult, FinishReason } from '../chat-event.ts'
import type { ChatError } from '../errors.ts'
import { must } from '../must.ts'
import type { WithFormat } from '../stream-chat.ts'
import {
  awaitedToolCalls,
  type ChatMessage,
  hasCall,
  randomId,
  toMessage,
  withResult,
} from './message.ts'
import type { Chat, ChatOptions, ChatSnapshot, OptionsSource } from './options.ts'
import { createRun, type Run } from './run.ts'
import { callSafely, createState } from './state.ts'

/** Creates a chat; the format is required. See `createChat` of `chatwire/chat`. */
export function createChat(source: OptionsSource<WithFormat<ChatOptions>>): Chat {
  const read = typeof source === 'function' ? source : () => source
  const { url, request, messages: given = [] } = read()
  must(url ?? request, 'Give either url or request')
  /** All messages but the one that is being written. */
  let messages: readonly ChatMessage[] = given.map((message) => toMessage(message, newId))
  let run: Run | undefined
  /** Where the last answer is, or would be if one had come. */
  let answerIndex = messages.length - 1
  /** Whether the last message got a result that was not sent on. */
  let hasNewResult = false
  const { set, ...store } = createState<ChatSnapshot>({
    messages,
    status: 'idle',
    error: undefined,
  })

  function newId(): string {
    return (read().generateId ?? randomId)()
  }

  /** Tells listeners how things stand. */
  function publish(error?: ChatError): void {
    if (run === undefined) return set({ messages, status: error ? 'error' : 'idle', error })
    if (run.draft.isEmpty()) return set({ messages, status: 'submitted', error })
    const all = [...messages, run.draft.message('streaming')]
    set({ messages: all, status: 'streaming', error })
  }

  /** Ends the run if there is one: what arrived becomes a message. The caller tells the listeners. */
  function close(status: ChatMessage['status'], reason?: FinishReason): ChatMessage | undefined {
    const ended = run
    if (ended === undefined) return undefined
    run = undefined
    ended.end(status === 'stopped')
    // A complete answer is a message even if nothing is in it: its finish reason says why.
    if (ended.draft.isEmpty() && status !== 'done') return undefined
    const message = ended.draft.message(status, reason)
    messages = [...messages, message]
    return message
  }

  /** Asks for an answer to what `edit` makes of the messages. */
  function ask(edit: (messages: readonly ChatMessage[]) => readonly ChatMessage[]): Promise<void> {
    const options = read()
    const started = createRun(options, newId(), publish, finish)
    close('stopped')
    messages = edit(messages)
    answerIndex = messages.length
    hasNewResult = false
    run = started
    const over = run.start(() => messages)
    publish()
    return over

    function finish(result: ChatResult): void {
      const { error, finishReason } = result
      const complete = finishReason === 'aborted' ? 'stopped' : 'done'
      const message = close(error ? 'error' : complete, finishReason)
      publish(error)
      if (error) return callSafely(() => options.onError?.(error))
      if (message?.status !== 'done') return
      callSafely(() => options.onFinish?.(message, result))
      callSafely(offerResults)
    }
  }

  /** Where a message is; after `close` it is still there. */
  function indexOf(messageId: string): number {
    const index = store.get().messages.findIndex(({ id }) => id === messageId)
    must(index >= 0, 'No message has this id')
    return index
  }

  /** Whether new results can be sent on; does so if that is wanted. */
  function offerResults(): boolean {
    const last = messages.at(-1)
    const isIdle = run === undefined && last?.status === 'done'
    const canSend = isIdle && hasNewResult && awaitedToolCalls(last).length === 0
    if (canSend && read().sendToolResults) ask((all) => all)
    return canSend
  }

  const chat: Chat = {
    ...store,
    send(input) {
      const added = input === undefined ? [] : [toMessage(input, newId)]
      return ask((all) => [...all, ...added])
    },
    stop() {
      if (run === undefined) return
      close('stopped')
      publish()
    },
    regenerate(messageId) {
      const index = messageId === undefined ? answerIndex : indexOf(messageId)
      return ask((all) => all.slice(0, all[index]?.role === 'assistant' ? index : index + 1))
    },
    edit(messageId, input) {
      const index = indexOf(messageId)
      const role = store.get().messages[index]?.role
      const message = { ...toMessage(input, () => messageId, role), id: messageId }
      return ask((all) => [...all.slice(0, index), message])
    },
    addToolResult({ id, output, isError = false }) {
      const result = { id, output, isError }
      if (run?.draft.has(id)) {
        run.draft.add({ type: 'tool-result', ...result })
        hasNewResult = true
        publish()
        return false
      }
      const caller = [...messages].reverse().find((message) => hasCall(message, id))
      if (caller === undefined) return false
      hasNewResult ||= run === undefined && caller === messages.at(-1)
      messages = messages.map((other) => (other === caller ? withResult(caller, result) : other))
      publish(store.get().error)
      return offerResults()
    },
    setMessages(input) {
      chat.stop()
      const list = typeof input === 'function' ? input(messages) : input
      messages = list.map((message) => toMessage(message, newId))
      answerIndex = messages.length - 1
      hasNewResult = false
      publish()
    },
    clear() {
      chat.setMessages([])
    },
  }
  return chat
}
