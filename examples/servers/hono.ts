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
    return streamSSE(c, async (stream) => {
      const upstream = new AbortController()
      stream.onAbort(() => upstream.abort())
      try {
        const events = await openai.responses.create(
          { model: 'gpt-6-luna', input: messages, stream: true },
          { signal: upstream.signal },
        )
        for await (const event of events) {
          await stream.writeSSE({ event: event.type, data: JSON.stringify(event) })
        }
      } catch (error) {
        if (stream.aborted) return
        // Its message may be about our key: the page learns no more than that it failed.
        console.error(error)
        await stream.writeSSE({ event: 'error', data: 'The model failed.' })
      }
    })
  })
  return app
}

if (import.meta.main) serve({ fetch: createApp().fetch, port: 8788, hostname: '127.0.0.1' })
