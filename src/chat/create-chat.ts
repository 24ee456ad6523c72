import type { ChatEvent, ChatResult } from '../chat-event.ts'
import { ChatError, isChatError } from '../errors.ts'
import { must } from '../must.ts'
import type { ChatStream, WithFormat } from '../stream-chat.ts'
import { createDraft, type Draft } from './draft.ts'
import { type HoldBack, holdBack } from './hold-back.ts'
import {
  awaitedToolCalls,
  type ChatMessage,
  isCall,
  randomId,
  resultOf,
  toMessage,
} from './message.ts'
import { leave, openAnswer } from './open-answer.ts'
import type { Chat, ChatOptions, ChatSnapshot, OptionsSource } from './options.ts'
import { createPacer, type Pacer } from './pace.ts'
import { callSafely, createState } from './state.ts'
import { createTicker, type Ticker } from './ticker.ts'

/** An answer that is on its way. */
interface Run {
  options: WithFormat<ChatOptions>
  draft: Draft
  pacer: Pacer | undefined
  ticker: Ticker
  /** Resolves the caller's promise. */
  settle(): void
  stream?: ChatStream
  held?: HoldBack
}

/** Creates a chat; the format is required. See `createChat` of `chatwire/chat`. */
export function createChat(source: OptionsSource<WithFormat<ChatOptions>>): Chat {
  const read = typeof source === 'function' ? source : () => source
  const { url, request, messages: given = [] } = read()
  must(url ?? request, 'Give either url or request')
  /** All messages but the one that is being written. */
  let messages: readonly ChatMessage[] = given.map((message) => toMessage(message, newId))
  let run: Run | undefined
  /** Whether the last request has brought no message, so that asking again drops none. */
  let isUnanswered = false
  /** Whether the last message got a result that was not sent on. */
  let hasNewResult = false
  const state = createState<ChatSnapshot>({ messages, status: 'idle', error: undefined })

  function newId(): string {
    return (read().generateId ?? randomId)()
  }

  /** Tells listeners how things stand. */
  function publish(error?: ChatError): void {
    const draft = run?.draft
    if (draft && !draft.isEmpty()) {
      const all = [...messages, draft.message('streaming')]
      return state.set({ messages: all, status: 'streaming', error })
    }
    const rest = error ? 'error' : 'idle'
    state.set({ messages, status: draft ? 'submitted' : rest, error })
  }

  /** Ends the run: what arrived becomes a message. The caller tells the listeners. */
  function close(ended: Run, status: ChatMessage['status'], result?: ChatResult) {
    run = undefined
    ended.settle()
    ended.ticker.cancel()
    ended.held?.end()
    ended.pacer?.end()
    // A complete answer is a message even if nothing is in it: its finish reason says why.
    if (ended.draft.isEmpty() && status !== 'done') return undefined
    const message = ended.draft.message(status, result?.finishReason)
    messages = [...messages, message]
    isUnanswered = false
    return message
  }

  function halt(): void {
    const stopped = run
    if (stopped === undefined) return
    close(stopped, 'stopped')
    leave(stopped.stream)
  }

  function finish(finished: Run, result: ChatResult): void {
    if (result.error) return fail(finished, result.error, result)
    const isStopped = result.finishReason === 'aborted'
    const message = close(finished, isStopped ? 'stopped' : 'done', result)
    publish()
    if (message === undefined || isStopped) return
    callSafely(() => finished.options.onFinish?.(message, result))
    sendNewResults()
  }

  function fail(failed: Run, error: ChatError, result?: ChatResult): void {
    close(failed, 'error', result)
    publish(error)
    callSafely(() => failed.options.onError?.(error))
  }

  /** Asks for an answer to what `edit` makes of the messages. */
  function ask(edit: (messages: readonly ChatMessage[]) => readonly ChatMessage[]): Promise<void> {
    const options = read()
    const { notify = 'frame', pace } = options
    const draft = createDraft(newId())
    const pacer = pace ? createPacer(pace === true ? {} : pace, draft.add) : undefined
    const onTick = (): void => {
      pacer?.advance()
      if (draft.hasChanged()) publish()
      // A listener may have ended the run.
      if (run === started && pacer?.isPending()) ticker.request()
    }
    const isPaced = pacer !== undefined
    const ticker = createTicker(isPaced && notify === 'sync' ? 'frame' : notify, onTick, isPaced)
    // Not the promise of `answer`: that may wait for a `request` which never comes back.
    let settle = (): void => {}
    const over = new Promise<void>((resolve) => {
      settle = resolve
    })
    const started: Run = { options, draft, pacer, ticker, settle }
    halt()
    messages = edit(messages)
    isUnanswered = true
    hasNewResult = false
    run = started
    publish()
    void answer(started)
    return over
  }

  async function answer(started: Run): Promise<void> {
    try {
      // Of several requests made at once only the last is sent.
      await undefined
      if (run !== started) return
      const { stream, buffer } = await openAnswer(started.options, messages)
      if (run !== started) return leave(stream)
      started.stream = stream
      if (buffer !== undefined) {
        const add = started.pacer?.push ?? started.draft.add
        started.held = holdBack(buffer, add, started.ticker.request)
      }
      for await (const event of stream) {
        if (run !== started) return
        take(started, event)
      }
      must(run !== started, 'The stream ended without a done event')
    } catch (cause) {
      if (run !== started) return
      const message = 'The answer could not be asked for, or not be read; see cause.'
      fail(started, isChatError(cause) ? cause : new ChatError('callback', message, { cause }))
    }
  }

  function take(taker: Run, event: ChatEvent): void {
    const { draft, pacer, held, ticker, options } = taker
    if (event.type === 'done') return finish(taker, event)
    // The error is in `done` as well. Of parallel answers the first is shown.
    if (event.type === 'error' || event.choice) return
    const add = (held ?? pacer)?.push ?? draft.add
    add(event)
    ticker.request()
    if (event.type === 'data') callSafely(() => options.onData?.(event))
  }

  /** Where a message is; after `halt` it is still there. */
  function indexOf(messageId: string): number {
    const index = state.get().messages.findIndex(({ id }) => id === messageId)
    must(index >= 0, 'No message has this id')
    return index
  }

  function canSendResults(): boolean {
    const last = messages.at(-1)
    const isIdle = run === undefined && last?.status === 'done'
    return isIdle && hasNewResult && awaitedToolCalls(last).length === 0
  }

  function sendNewResults(): void {
    if (read().sendToolResults && canSendResults()) ask((all) => all)
  }

  const chat: Chat = {
    get: state.get,
    getInitial: state.getInitial,
    subscribe: state.subscribe,
    send(input) {
      const added = input === undefined ? [] : [toMessage(input, newId)]
      return ask((all) => [...all, ...added])
    },
    stop() {
      if (run === undefined) return
      halt()
      publish()
    },
    regenerate(messageId) {
      const index = messageId === undefined ? undefined : indexOf(messageId)
      return ask((all) => {
        const at = index ?? all.length - (isUnanswered ? 0 : 1)
        return all.slice(0, all[at]?.role === 'assistant' ? at : at + 1)
      })
    },
    edit(messageId, input) {
      const index = indexOf(messageId)
      const changes = typeof input === 'string' ? { text: input } : input
      return ask((all) => {
        const role = all[index]?.role ?? 'user'
        return [...all.slice(0, index), toMessage({ role, ...changes, id: messageId }, newId)]
      })
    },
    addToolResult({ id, output, isError = false }) {
      const result = { id, output, isError }
      if (run?.draft.has(id)) {
        run.draft.add({ type: 'tool-result', ...result })
        hasNewResult = true
        publish()
        return false
      }
      let isLast = run === undefined
      for (let index = messages.length - 1; index >= 0; index--, isLast = false) {
        const message = messages[index]
        if (!message?.parts.some((part) => isCall(part, id))) continue
        const parts = message.parts.map((part) =>
          isCall(part, id) ? { ...part, ...resultOf(result) } : part,
        )
        messages = messages.map((other) => (other === message ? { ...message, parts } : other))
        hasNewResult ||= isLast
        publish(state.get().error)
        const canSend = canSendResults()
        sendNewResults()
        return canSend
      }
      return false
    },
    setMessages(input) {
      chat.stop()
      const list = typeof input === 'function' ? input(messages) : input
      messages = list.map((message) => toMessage(message, newId))
      isUnanswered = hasNewResult = false
      publish()
    },
    clear() {
      chat.setMessages([])
    },
  }
  return chat
}
