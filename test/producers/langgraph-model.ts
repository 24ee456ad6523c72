import {
  AIMessageChunk,
  type AIMessageChunkFields,
  type BaseMessage,
  type UsageMetadata,
} from '@langchain/core/messages'
import { ChatGenerationChunk } from '@langchain/core/outputs'
import { FakeStreamingChatModel } from '@langchain/core/utils/testing'

/** The types of LangChain know no tokens of a message whose structure is not told. */
export type Chunk = Omit<AIMessageChunkFields, 'usage_metadata'> & {
  usage_metadata?: UsageMetadata
}

export function messageOf({ usage_metadata, ...fields }: Chunk): AIMessageChunk {
  return Object.assign(new AIMessageChunk(fields), usage_metadata && { usage_metadata })
}

/**
 * A chat model that streams these chunks, one list each time it is asked, and then fails. LangChain's
 * fake model would keep their content only.
 */
export class ScriptedModel extends FakeStreamingChatModel {
  readonly turns: Chunk[][]

  constructor(...turns: Chunk[][]) {
    super({})
    this.turns = turns
  }

  override async *_streamResponseChunks(
    _messages: BaseMessage[],
    _options: this['ParsedCallOptions'],
    run?: Parameters<FakeStreamingChatModel['_streamResponseChunks']>[2],
  ): AsyncGenerator<ChatGenerationChunk> {
    const turn = this.turns.shift()
    if (turn === undefined) throw new Error('The model is overloaded')
    for (const fields of turn) {
      const message = messageOf(fields)
      const chunk = new ChatGenerationChunk({ message, text: message.text })
      yield chunk
      await run?.handleLLMNewToken(message.text, undefined, undefined, undefined, undefined, {
        chunk,
      })
    }
  }
}
