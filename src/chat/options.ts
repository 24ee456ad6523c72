import type { ChatResult } from '../chat-event.ts'
import type { ChatError } from '../errors.ts'
import type { ChatInit } from '../options.ts'
import type { ChatStream } from '../stream-chat.ts'
import type { ChatMessage, DataPart, MessageInput, ToolOutput } from './message.ts'
import type { PaceOptions } from './pace.ts'
import type { Notify } from './ticker.ts'

/** Options, or a function that gives those of the moment. They are read at each request. */
export type OptionsSource<T> = T | (() => T)

/** What an answer's store does beside streaming. */
export interface StoreOptions {
  /** When listeners are told while an answer streams. Default `'frame'`. See {@link Notify}. */
  notify?: Notify
  /**
   * Reveals text at an even speed; `true` for the defaults of {@link PaceOptions}. Nothing is held
   * back in a hidden tab, where less motion is asked for, and once the answer is over for whatever
   * reason. With `notify: 'sync'` listeners are told once per frame. Default `false`.
   */
  pace?: boolean | PaceOptions
  /**
   * Called with each piece of data as it arrives, also if `pace` still holds it back. Data that the
   * server marks as transient comes here only.
   */
  onData?(part: DataPart): void
  /** Called when an answer is complete, after listeners were told; not after `stop` or an error. */
  onFinish?(message: ChatMessage, result: ChatResult): void
  /** Called when an answer failed, after listeners were told. */
  onError?(error: ChatError): void
}

/**
 * What a chat needs to know: where answers come from, either `url` or `request`; and all options of
 * `streamChat`, which are those of every request.
 */
export interface ChatOptions extends Omit<ChatInit, 'json' | 'body'>, StoreOptions {
  /** The messages to begin with. Default none. Read once. */
  messages?: readonly (string | MessageInput)[]
  /**
   * Makes the request for the next answer: what it returns is added to the other options, and only
   * it has a body. It may also return a stream of chat events from anywhere, which only `buffer` and
   * what the store does itself apply to: its `signal` is its own. Default: the messages as JSON,
   * `{ messages: [{ id, role, text, parts, … }] }`, are posted to `url`; providers want `content`
   * in place of `text` and `parts`.
   */
  request?(messages: readonly ChatMessage[]): ChatInit | ChatStream | Promise<ChatInit | ChatStream>
  /** Whether tool results are sent on as soon as no call waits for one. Default `false`. */
  sendToolResults?: boolean
  /** Makes the ids of new messages. Default: from the time and a random number. */
  generateId?(): string
}

/** Something that has a state and tells when it changes. */
export interface Store<Snapshot> {
  /** The state as listeners were last told: the same object until it changes. */
  get(): Snapshot
  /** The state at the beginning, for server rendering and hydration. */
  getInitial(): Snapshot
  /**
   * Calls `listener` after each change. What it throws is reported as an uncaught error and reaches
   * neither the other listeners nor the chat.
   *
   * @returns What ends the subscription.
   */
  subscribe(listener: (snapshot: Snapshot) => void): () => void
  /**
   * Stops the answer that is on its way, at once: its connection is closed, no timer is left, and
   * what had arrived is kept. Does nothing if there is none.
   */
  stop(): void
}

/**
 * `submitted`: waiting for the first content. `streaming`: it came. `error`: the last answer failed.
 * `idle`: everything else.
 */
export type ChatStatus = 'idle' | 'submitted' | 'streaming' | 'error'

/** The state of a chat. Nothing in it ever changes; what did not change is the same object. */
export interface ChatSnapshot {
  readonly messages: readonly ChatMessage[]
  readonly status: ChatStatus
  /** Why the last answer failed; `undefined` unless `status` is `'error'`. */
  readonly error: ChatError | undefined
}

/**
 * A chat. Its functions need no `this`. Those that ask for an answer stop the one that is on its way;
 * their promise resolves when the answer is over, however it ended, and never rejects.
 */
export interface Chat extends Store<ChatSnapshot> {
  /** Adds a message of the user's and asks for an answer; without a message, asks right away. */
  send(message?: string | MessageInput): Promise<void>
  /**
   * Asks again: for the last answer, also after an error, or for the one with this id. A user's
   * message may be named too. What came later is dropped.
   *
   * @throws {TypeError} if no message has this id.
   */
  regenerate(messageId?: string): Promise<void>
  /**
   * Replaces a message, drops what came later, and asks for an answer. The id stays.
   *
   * @throws {TypeError} if no message has this id.
   */
  edit(messageId: string, message: string | MessageInput): Promise<void>
  /**
   * Adds the result of a tool call that the app ran.
   *
   * @returns Whether the last answer is over and no call of it waits any more, so that `send()` can
   * send the results on. `false` also if there is no such call.
   */
  addToolResult(result: ToolOutput): boolean
  /** Replaces the messages, and stops an answer that is on its way. */
  setMessages(
    messages:
      | readonly (string | MessageInput)[]
      | ((messages: readonly ChatMessage[]) => readonly (string | MessageInput)[]),
  ): void
  /** Drops all messages, and stops an answer that is on its way. */
  clear(): void
}
