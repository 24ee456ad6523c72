// A chat route with the AI SDK 7 that answers in bare text.
// Run `npx node examples/servers/ai-sdk-text.ts`, and beside it:
// npm run build && npx node examples/node/print.ts http://127.0.0.1:8788
import { serve } from '@hono/node-server'
import { createTextStreamResponse, type LanguageModel, streamText, toTextStream } from 'ai'
import { greeter } from './ai-sdk-model.ts'

/**
 * Makes a route of a model, such as `openai('…')` of @ai-sdk/openai. Bare text has no word for its
 * end, nor for a failure: streamChat's finish reason is `unknown`.
 */
export function chat(model: LanguageModel): (request: Request) => Promise<Response> {
  return async (request) => {
    const { messages } = await request.json()
    const answer = streamText({ model, messages, abortSignal: request.signal })
    return createTextStreamResponse({ stream: toTextStream({ stream: answer.stream }) })
  }
}

if (import.meta.main)
  serve({
    fetch: chat(greeter()),
    hostname: '127.0.0.1',
    port: Number(process.env['PORT'] ?? 8788),
  })
