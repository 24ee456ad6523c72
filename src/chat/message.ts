import type { ChatFile, FinishReason, Source, ToolResult } from '../chat-event.ts'

/** Text of one kind, as long as no other part came in between. */
export interface TextPart {
  readonly type: 'text' | 'reasoning' | 'refusal'
  readonly text: string
}

/** A tool call, from the first piece of its arguments to its result. */
export interface ToolCallPart {
  readonly type: 'tool-call'
  readonly id: string
  /** `''` if only the call's result came. */
  readonly name: string
  readonly state: 'input-streaming' | 'input-available' | 'output-available' | 'output-error'
  /** The arguments as they arrived. */
  readonly inputText: string
  /** The parsed arguments, once they are complete; `undefined` if they are not JSON. */
  readonly input?: unknown
  /** The result, or what the error was. */
  readonly output?: unknown
  /** Set when the provider itself runs the tool, so that the app must not. */
  readonly providerExecuted?: true
}

/** A source that the answer cites. */
export interface SourcePart extends Readonly<Source> {
  readonly type: 'source'
}

/** A file: of the answer, or attached to a message of the user's. */
export interface FilePart extends Readonly<ChatFile> {
  readonly type: 'file'
}

/** What the wire format carries that has no part of its own. */
export interface DataPart {
  readonly type: 'data'
  readonly name: string
  readonly data: unknown
  /** A later part with the same name and id replaces this one. */
  readonly id?: string
}

/** A part of a message, told apart by `type`. */
export type MessagePart = TextPart | ToolCallPart | SourcePart | FilePart | DataPart

/** One message of a chat. It never changes: what changed is another object. */
export interface ChatMessage {
  readonly id: string
  readonly role: 'system' | 'user' | 'assistant'
  /** The text of all `text` parts, joined. */
  readonly text: string
  /** What the message consists of, in the order in which it came. */
  readonly parts: readonly MessagePart[]
  /** `stopped` and `error`: the answer is not complete; what had arrived is kept. */
  readonly status: 'streaming' | 'done' | 'stopped' | 'error'
  /** Why a complete answer ended. */
  readonly finishReason?: FinishReason
}

/**
 * A message as an app gives it: the text alone, or with what differs from the defaults. Parts
 * default to one of the text, the role to `'user'`, the status to `'done'`, the id to a new one.
 */
export type MessageInput = Partial<ChatMessage>

/** A result that the app has for a tool call. */
export interface ToolOutput {
  /** The id of the call. */
  id: string
  output: unknown
  /** Whether `output` says what went wrong. Default `false`. */
  isError?: boolean
}

/** A whole message; one that is whole already is kept as it is. */
export function toMessage(
  input: string | MessageInput,
  generateId: () => string,
  defaultRole: ChatMessage['role'] = 'user',
): ChatMessage {
  const given: MessageInput = typeof input === 'string' ? { text: input } : input
  if (isWhole(given)) return given
  const { parts = given.text ? [{ type: 'text', text: given.text }] : [] } = given
  const {
    id = generateId(),
    role = defaultRole,
    status = 'done',
    text = parts.map((part) => (part.type === 'text' ? part.text : '')).join(''),
  } = given
  return { ...given, id, role, status, text, parts }
}

function isWhole(message: MessageInput): message is ChatMessage {
  const { id, role, text, parts, status } = message
  return [id, role, text, parts, status].every((value) => value !== undefined)
}

/** The tool calls of a message that still wait for a result from the app. */
export function awaitedToolCalls(message: ChatMessage | undefined): ToolCallPart[] {
  const isAwaited = (part: MessagePart): part is ToolCallPart =>
    part.type === 'tool-call' && part.state === 'input-available' && !part.providerExecuted
  return message?.parts.filter(isAwaited) ?? []
}

/** What a result changes of its call. */
export function resultOf({
  output,
  isError,
}: ToolResult): Required<Pick<ToolCallPart, 'state' | 'output'>> {
  return { state: isError ? 'output-error' : 'output-available', output }
}

/** Whether a message has the tool call of this id. */
export function hasCall(message: ChatMessage, id: string): boolean {
  return message.parts.some((part) => isCall(part, id))
}

/** A message with a result in its call. */
export function withResult(message: ChatMessage, result: ToolResult): ChatMessage {
  const parts = message.parts.map((part) =>
    isCall(part, result.id) ? { ...part, ...resultOf(result) } : part,
  )
  return { ...message, parts }
}

function isCall(part: MessagePart, id: string): boolean {
  return part.type === 'tool-call' && part.id === id
}

/** An id that no other message has, of this chat or of any that it is stored with. */
export function randomId(): string {
  return Date.now().toString(36) + Math.random().toString(36).slice(2)
}
