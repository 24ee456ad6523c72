// A Fastify route for `useChat`: Anthropic's SDK sends the request, chatwire streams its response on.
// Run with an ANTHROPIC_API_KEY: npm run build && npx node examples/servers/chatwire-fastify.ts
import Anthropic, { type ClientOptions } from '@anthropic-ai/sdk'
import { readChat } from 'chatwire'
import type { ChatMessage } from 'chatwire/chat'
import { writeChat } from 'chatwire/server'
import { type FastifyInstance, fastify } from 'fastify'

type Body = { messages: ChatMessage[] }

export function createApp(provider: ClientOptions = {}): FastifyInstance {
  const anthropic = new Anthropic(provider)
  const app = fastify()

  app.post<{ Body: Body }>('/api/chat', async (request, reply) => {
    const messages = request.body.messages.map(({ role, text }) => ({
      role: role === 'assistant' ? role : ('user' as const),
      content: text,
    }))
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
  // What fails before the first byte, a wrong key say, is for our own log.
  app.setErrorHandler((error, _request, reply) => {
    console.error(error)
    return reply.code(502).send({ error: 'The model cannot be reached.' })
  })
  return app
}

if (import.meta.main) createApp().listen({ port: 8788, host: '127.0.0.1' })
