export type { SendOptions } from './server/body.ts'
export type { ChatEventInit } from './server/encode.ts'
export { type NodeResponse, type WriteChatInit, writeChat } from './server/node.ts'
export { type ChatResponseInit, chatResponse } from './server/response.ts'
