/** Libraries that know what is in the events, each used as its own documentation shows. */
import Anthropic from '@anthropic-ai/sdk'
import { fetchServerSentEvents } from '@tanstack/ai-client'
import {
  DefaultChatTransport,
  jsonSchema,
  parseJsonEventStream,
  readUIMessageStream,
  type UIMessage,
} from 'ai'
import { parseStream } from 'llm-sse'
import OpenAI from 'openai'
import { Stream } from 'openai/core/streaming'
import { bodyOf, fetchOf, type Reader, type Take, url } from './reader.ts'

function textReader(name: string, read: (response: Response, take: Take) => Promise<void>): Reader {
  return {
    name,
    read: async (response, take) => {
      await read(response, take)
      return undefined
    },
    returns: 'text',
  }
}

const llmSse = (provider: 'openai' | 'anthropic'): Reader =>
  textReader('llm-sse', async (response, take) => {
    for await (const event of parseStream(bodyOf(response), provider)) {
      if (event.type === 'text') take(event.text)
      else if (event.type === 'error') throw event.error
    }
  })

const openai = textReader('openai', async (response, take) => {
  const client = new OpenAI({ apiKey: 'none', baseURL: url, fetch: fetchOf(response) })
  const stream = await client.chat.completions.create({
    model: 'gpt-4.1-mini',
    messages: [{ role: 'user', content: 'Hello' }],
    stream: true,
  })
  for await (const { choices } of stream) take(choices[0]?.delta.content ?? '')
})

const anthropic = textReader('@anthropic-ai/sdk', async (response, take) => {
  const client = new Anthropic({ apiKey: 'none', baseURL: url, fetch: fetchOf(response) })
  const stream = await client.messages.create({
    model: 'claude-sonnet-4-6',
    max_tokens: 10_000,
    messages: [{ role: 'user', content: 'Hello' }],
    stream: true,
  })
  for await (const event of stream) {
    if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') {
      take(event.delta.text)
    }
  }
})

const question: UIMessage = { id: '1', role: 'user', parts: [{ type: 'text', text: 'Hello' }] }

function chunksOf(response: Response): ReturnType<DefaultChatTransport<UIMessage>['sendMessages']> {
  const transport = new DefaultChatTransport({ api: url, fetch: fetchOf(response) })
  return transport.sendMessages({
    trigger: 'submit-message',
    chatId: '1',
    messageId: undefined,
    messages: [question],
    abortSignal: undefined,
  })
}

const aiChunks = textReader('ai', async (response, take) => {
  for await (const chunk of await chunksOf(response)) {
    if (chunk.type === 'text-delta') take(chunk.delta)
  }
})

/** It gives the whole message each time; the piece is what is new in it. */
const aiMessages = textReader('ai, messages', async (response, take) => {
  let length = 0
  const stream = await chunksOf(response)
  for await (const { parts } of readUIMessageStream<UIMessage>({ stream })) {
    const last = parts.at(-1)
    if (last?.type !== 'text') continue
    take(last.text.slice(length))
    length = last.text.length
  }
})

const tanstack = textReader('@tanstack/ai-client', async (response, take) => {
  const connection = fetchServerSentEvents(url, { fetchClient: fetchOf(response) })
  const messages = [{ role: 'user' as const, content: 'Hello' }]
  for await (const chunk of connection.connect(messages)) {
    if (chunk.type === 'TEXT_MESSAGE_CONTENT') take(chunk.delta)
  }
})

/** Takes the text out of one parsed payload, as an application that knows its server would. */
type Pick = (payload: unknown) => string

/** The AI SDK's reader of JSON in server-sent events, without a check of what is in them. */
export const aiJson = (pick: Pick): Reader =>
  textReader('ai', async (response, take) => {
    const schema = jsonSchema<unknown>({})
    for await (const result of parseJsonEventStream({ stream: bodyOf(response), schema })) {
      if (!result.success) throw result.error
      take(pick(result.value))
    }
  })

/** OpenAI's reader of JSON in server-sent events. */
export const openaiJson = (pick: Pick): Reader =>
  textReader('openai', async (response, take) => {
    const stream = Stream.fromSSEResponse<unknown>(response, new AbortController())
    for await (const payload of stream) take(pick(payload))
  })

/** The libraries that know a format by its name. */
export const ownFormat = {
  openai: [llmSse('openai'), openai],
  anthropic: [llmSse('anthropic'), anthropic],
  aiSdk: [aiChunks, aiMessages],
  agui: [tanstack],
}
