// A Hono route for `useChat`: the `openai` SDK sends the request, chatwire reads its response and streams it on.
// Run with an OPENAI_API_KEY: npm run build && npx node examples/servers/chatwire-hono.ts
import { serve } from '@hono/node-server'
import { readChat } from 'chatwire'
import type { ChatMessage } from 'chatwire/chat'
import { chatResponse } from 'chatwire/server'
import { Hono } from 'hono'
import OpenAI, { type ClientOptions } from 'openai'

export function createApp(provider: ClientOptions = {}): Hono {
  const openai = new OpenAI(provider)
  const app = new Hono()

  app.post('/api/chat', async (c) => {
    const { messages } = await c.req.json<{ messages: ChatMessage[] }>()
    const input = messages.map(({ role, text }) => ({ role, content: text }))
    const upstream = await openai.responses
      .create(
        { model: 'gpt-6-luna', input, stream: true },
        // For a reader that leaves before the first byte; later it is chatwire that ends the request.
        { signal: c.req.raw.signal },
      )
      .asResponse()
    return chatResponse(readChat(upstream))
  })
  // What fails before the first byte, a wrong key say, is for our own log.
  app.onError((error, c) => {
    console.error(error)
    return c.json({ error: 'The model cannot be reached.' }, 502)
  })
  return app
}

if (import.meta.main) serve({ fetch: createApp().fetch, port: 8788, hostname: '127.0.0.1' })
