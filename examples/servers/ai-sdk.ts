// A chat route with the AI SDK 7: UI messages with tools, sources, data and tokens.
// Run `npx node examples/servers/ai-sdk.ts`, and beside it:
// npm run build && npx node examples/node/print.ts http://127.0.0.1:8788
import { serve } from '@hono/node-server'
import {
  createUIMessageStream,
  createUIMessageStreamResponse,
  isStepCount,
  type LanguageModel,
  streamText,
  tool,
  toUIMessageStream,
} from 'ai'
import { z } from 'zod'
import { greeter } from './ai-sdk-model.ts'

const tools = {
  weather: tool({
    inputSchema: z.object({ city: z.string() }),
    execute: ({ city }) => ({ city, celsius: 21 }),
  }),
  // Without `execute` it is the page's to run: the answer ends with the finish reason `tool-calls`.
  askUser: { inputSchema: z.object({ question: z.string() }) },
}

/** Makes a route of a model, such as `openai('…')` of @ai-sdk/openai. */
export function chat(model: LanguageModel): (request: Request) => Promise<Response> {
  return async (request) => {
    const { messages } = await request.json()
    // Of an error the page learns no more than that it came; a function `onError` would choose.
    const stream = createUIMessageStream({
      execute({ writer }) {
        writer.write({ type: 'data-status', data: { searching: true } })
        // When the reader leaves, the model is stopped.
        const abortSignal = request.signal
        const stopWhen = isStepCount(5)
        const answer = streamText({ model, messages, tools, stopWhen, abortSignal })
        const messageStream = toUIMessageStream({
          stream: answer.stream,
          sendSources: true,
          // The protocol has no place for tokens; streamChat finds them here.
          messageMetadata: ({ part }) =>
            part.type === 'finish' ? { usage: part.totalUsage } : undefined,
        })
        writer.merge(messageStream)
      },
    })
    return createUIMessageStreamResponse({ stream })
  }
}

if (import.meta.main)
  serve({
    fetch: chat(greeter()),
    hostname: '127.0.0.1',
    port: Number(process.env['PORT'] ?? 8788),
  })
