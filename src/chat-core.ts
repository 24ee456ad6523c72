export { createChat } from './chat/create-chat.ts'
export {
  type AnswerOptions,
  type AnswerSnapshot,
  type AnswerStore,
  createStream,
} from './chat/create-stream.ts'
export {
  awaitedToolCalls,
  type ChatMessage,
  type DataPart,
  type FilePart,
  type MessageInput,
  type MessagePart,
  type SourcePart,
  type TextPart,
  type ToolCallPart,
  type ToolOutput,
} from './chat/message.ts'
export type {
  Chat,
  ChatOptions,
  ChatSnapshot,
  ChatStatus,
  OptionsSource,
  Store,
  StoreOptions,
} from './chat/options.ts'
export type { PaceOptions } from './chat/pace.ts'
export type { Notify } from './chat/ticker.ts'
