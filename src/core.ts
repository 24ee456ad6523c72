export type { ChatSource } from './arguments.ts'
export {
  type BufferOptions,
  type BufferSpec,
  type BufferUnit,
  createTextBuffer,
  type TextBuffer,
} from './buffer/text-buffer.ts'
export type {
  ChatDoneEvent,
  ChatErrorEvent,
  ChatEvent,
  ChatFile,
  ChatResult,
  ContentEvent,
  FinishReason,
  Source,
  Timing,
  ToolCall,
  ToolResult,
  Usage,
} from './chat-event.ts'
export { bufferText, collect, textOf } from './consume.ts'
export {
  ChatError,
  type ChatErrorCode,
  type ChatErrorDetails,
  isChatError,
  type TimeoutPhase,
} from './errors.ts'
export type { WireDecoder, WireEvent, WireFormat } from './formats/format.ts'
export { createSseDecoder, type SseDecoderOptions, type SseEvent } from './framing/sse.ts'
export type {
  ChatCursor,
  ChatInit,
  EventsCursor,
  EventsInit,
  ReadEventsOptions,
  ReadOptions,
  RetryOptions,
  TimeoutOptions,
} from './options.ts'
export type { Stage } from './stage.ts'
export { type ChatStream, readChat, streamChat, type WithFormat } from './stream-chat.ts'
export { type EventStream, readEvents, streamEvents } from './stream-events.ts'
