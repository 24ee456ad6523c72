// An agent that speaks AG-UI, 1.0.
// Run `npx node examples/servers/ag-ui.ts`, and beside it:
// npm run build && npx node examples/node/print.ts http://127.0.0.1:8788
import { setTimeout as wait } from 'node:timers/promises'
import { type AGUIEvent, EventType, type RunAgentInput, type TokenUsage } from '@ag-ui/core'
import { EventEncoder } from '@ag-ui/encoder'
import { serve } from '@hono/node-server'

/** What an agent says to an input; in the end it tells the tokens that it took. */
export type Respond = (input: RunAgentInput) => AsyncGenerator<AGUIEvent, TokenUsage[]>

async function* run(input: RunAgentInput, respond: Respond): AsyncGenerator<AGUIEvent> {
  const { threadId = crypto.randomUUID(), runId = crypto.randomUUID() } = input
  yield { type: EventType.RUN_STARTED, threadId, runId }
  try {
    const usage = yield* respond(input)
    yield { type: EventType.RUN_FINISHED, threadId, runId, usage }
  } catch (error) {
    console.error(error)
    yield { type: EventType.RUN_ERROR, message: 'The agent failed.' }
  }
}

/** Makes a route of an agent. When the reader leaves, the agent is left where it waits. */
export function agent(respond: Respond): (request: Request) => Promise<Response> {
  return async (request) => {
    const encoder = new EventEncoder({ accept: request.headers.get('accept') ?? '' })
    const events = run(await request.json(), respond)
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        const { done, value } = await events.next()
        if (done) controller.close()
        else controller.enqueue(new TextEncoder().encode(encoder.encodeSSE(value)))
      },
      async cancel() {
        await events.return(undefined)
      },
    })
    return new Response(body, { headers: { 'content-type': encoder.getContentType() } })
  }
}

/** Stands in for an agent that asks a model. */
async function* greeting(): AsyncGenerator<AGUIEvent, TokenUsage[]> {
  const messageId = crypto.randomUUID()
  yield { type: EventType.TEXT_MESSAGE_START, messageId, role: 'assistant' }
  for (const delta of ['Hello ', 'from ', 'an ', 'agent.']) {
    await wait(50)
    yield { type: EventType.TEXT_MESSAGE_CONTENT, messageId, delta }
  }
  yield { type: EventType.TEXT_MESSAGE_END, messageId }
  return [{ inputTokens: 8, outputTokens: 4, totalTokens: 12 }]
}

if (import.meta.main)
  serve({
    fetch: agent(greeting),
    hostname: '127.0.0.1',
    port: Number(process.env['PORT'] ?? 8788),
  })
