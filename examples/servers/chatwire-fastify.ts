// A Fastify route: Anthropic's SDK sends the request, chatwire reads its response and streams it on.
// Run with an ANTHROPIC_API_KEY: npm run build && npx node examples/servers/chatwire-fastify.ts
import Anthropic, { type ClientOptions } from '@anthropic-ai/sdk'
import { readChat } from 'chatwire'
import { writeChat } from 'chatwire/server'
import { type FastifyInstance, fastify } from 'fastify'

type Body = { messages: Anthropic.MessageParam[] }

export function createApp(provider: ClientOptions = {}): FastifyInstance {
  const anthropic = new Anthropic(provider)
  const app = fastify()

  app.post<{ Body: Body }>('/api/chat', async (request, reply) => {
    const { messages } = request.body
    const upstream = new AbortController()
    reply.raw.on('close', () => upstream.abort())
    const response = await anthropic.messages
      .create(
        { model: 'claude-sonnet-5-5', max_tokens: 4096, messages, stream: true },
        { signal: upstream.signal },
      )
      .asResponse()
    // From here on chatwire writes the response, and Fastify keeps away from it.
    reply.hijack()
    await writeChat(readChat(response), reply.raw)
  })
  return app
}

if (import.meta.main) createApp().listen({ port: 8788, host: '127.0.0.1' })
