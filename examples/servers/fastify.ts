// A Fastify route that hands on the chunks of a chat completion as they are.
// Run with an OPENAI_API_KEY: npx node examples/servers/fastify.ts
import { Readable } from 'node:stream'
import { type FastifyInstance, fastify } from 'fastify'
import OpenAI, { type ClientOptions } from 'openai'

type Body = { messages: OpenAI.ChatCompletionMessageParam[] }

export function createApp(provider: ClientOptions = {}): FastifyInstance {
  const openai = new OpenAI(provider)
  const app = fastify()

  app.post<{ Body: Body }>('/api/chat', async (request, reply) => {
    const { messages } = request.body
    const upstream = new AbortController()
    reply.raw.on('close', () => upstream.abort())
    const chunks = await openai.chat.completions.create(
      { model: 'gpt-6-luna', messages, stream: true, stream_options: { include_usage: true } },
      { signal: upstream.signal },
    )
    return reply.type('text/event-stream').send(Readable.from(frames(chunks)))
  })
  // What fails before the first byte, a wrong key say, is for our own log.
  app.setErrorHandler((error, _request, reply) => {
    console.error(error)
    return reply.code(502).send({ error: 'The model cannot be reached.' })
  })
  return app
}

async function* frames(chunks: AsyncIterable<OpenAI.ChatCompletionChunk>): AsyncGenerator<string> {
  try {
    let isFinished = false
    for await (const chunk of chunks) {
      yield `data: ${JSON.stringify(chunk)}\n\n`
      isFinished ||= chunk.choices.some((choice) => choice.finish_reason !== null)
    }
    // The end marker is for answers that came to their end; to the SDK a cut is an end, too.
    if (isFinished) yield 'data: [DONE]\n\n'
  } catch (error) {
    console.error(error)
    yield `data: ${JSON.stringify({ error: { message: 'The model failed.' } })}\n\n`
  }
}

if (import.meta.main) createApp().listen({ port: 8788, host: '127.0.0.1' })
