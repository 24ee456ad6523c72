// Web handlers that send what `toReadableStream()` of the official SDKs makes: one JSON a line.
// In a Next.js route: export const POST = streamCompletion(new OpenAI())
import type Anthropic from '@anthropic-ai/sdk'
import type OpenAI from 'openai'

type Handler = (request: Request) => Promise<Response>

const headers = { 'content-type': 'application/x-ndjson' }

export function streamCompletion(openai: OpenAI): Handler {
  return async (request) => {
    const { messages } = await request.json()
    const stream = await openai.chat.completions.create(
      { model: 'gpt-6-luna', messages, stream: true, stream_options: { include_usage: true } },
      // For a reader that leaves before the first byte; later the stream itself ends the request.
      { signal: request.signal },
    )
    return new Response(stream.toReadableStream(), { headers })
  }
}

export function streamResponse(openai: OpenAI): Handler {
  return async (request) => {
    const { messages } = await request.json()
    const stream = await openai.responses.create(
      { model: 'gpt-6-luna', input: messages, stream: true },
      { signal: request.signal },
    )
    return new Response(stream.toReadableStream(), { headers })
  }
}

export function streamMessage(anthropic: Anthropic): Handler {
  return async (request) => {
    const { messages } = await request.json()
    const stream = anthropic.messages.stream(
      { model: 'claude-sonnet-5-5', max_tokens: 4096, messages },
      { signal: request.signal },
    )
    return new Response(stream.toReadableStream(), { headers })
  }
}
