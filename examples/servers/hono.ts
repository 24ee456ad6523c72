// A Hono route that hands on the events of OpenAI's Responses API, each under its name.
// Run with an OPENAI_API_KEY: npx node examples/servers/hono.ts
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import OpenAI, { type ClientOptions } from 'openai'

export function createApp(provider: ClientOptions = {}): Hono {
  const openai = new OpenAI(provider)
  const app = new Hono()

  app.post('/api/chat', async (c) => {
    const { messages } = await c.req.json()
    return streamSSE(
      c,
      async (stream) => {
        const upstream = new AbortController()
        stream.onAbort(() => upstream.abort())
        const events = await openai.responses.create(
          { model: 'gpt-6-luna', input: messages, stream: true },
          { signal: upstream.signal },
        )
        for await (const event of events) {
          await stream.writeSSE({ event: event.type, data: JSON.stringify(event) })
        }
      },
      // With a handler of errors Hono sends the message as `event: error`; without, it sends nothing.
      async (error) => console.error(error.message),
    )
  })
  return app
}

if (import.meta.main) serve({ fetch: createApp().fetch, port: 8788, hostname: '127.0.0.1' })
