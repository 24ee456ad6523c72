// A LangGraph agent that streams as LangGraph's own server does.
// Run `npx node examples/servers/langgraph.ts`, and beside it:
// npm run build && npx node examples/node/print.ts http://127.0.0.1:8788
import { serve } from '@hono/node-server'
import type { BaseChatModel } from '@langchain/core/language_models/chat_models'
import { tool } from '@langchain/core/tools'
import { FakeListChatModel } from '@langchain/core/utils/testing'
import { MessagesAnnotation, START, StateGraph } from '@langchain/langgraph'
import { ToolNode, toolsCondition } from '@langchain/langgraph/prebuilt'

const weather = tool(({ city }: { city: string }) => `21 °C in ${city}`, {
  name: 'weather',
  schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
})

/** Makes a route of a chat model that can call the tool `weather`. */
export function chat(model: BaseChatModel): (request: Request) => Promise<Response> {
  const graph = new StateGraph(MessagesAnnotation)
    .addNode('agent', async ({ messages }) => ({ messages: [await model.invoke(messages)] }))
    .addNode('tools', new ToolNode([weather]))
    .addEdge(START, 'agent')
    .addConditionalEdges('agent', toolsCondition)
    .addEdge('tools', 'agent')
    .compile()

  return async (request) => {
    const { messages } = await request.json()
    const frames = await graph.stream(
      { messages },
      {
        streamMode: ['messages', 'updates'],
        encoding: 'text/event-stream',
        signal: request.signal,
      },
    )
    return new Response(frames, { headers: { 'content-type': 'text/event-stream' } })
  }
}

if (import.meta.main) {
  const model = new FakeListChatModel({ responses: ['Hello from a graph.'], sleep: 20 })
  serve({ fetch: chat(model), hostname: '127.0.0.1', port: Number(process.env['PORT'] ?? 8788) })
}
