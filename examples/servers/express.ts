// An Express route that streams a chat completion as frames of its own: {text}, {error}, [DONE].
// Run with an OPENAI_API_KEY: npx node examples/servers/express.ts
import express, { type Express } from 'express'
import OpenAI, { type ClientOptions } from 'openai'

export function createApp(provider: ClientOptions = {}): Express {
  const openai = new OpenAI(provider)
  const app = express()
  app.use(express.json())

  app.post('/api/chat', async (req, res) => {
    const { messages } = req.body
    // The reader may leave at any time; nobody should pay for an answer that nobody reads.
    const upstream = new AbortController()
    res.on('close', () => upstream.abort())

    res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
    const send = (frame: unknown) => res.write(`data: ${JSON.stringify(frame)}\n\n`)
    try {
      const stream = await openai.chat.completions.create(
        { model: 'gpt-6-luna', messages, stream: true },
        { signal: upstream.signal },
      )
      let finishReason: string | null = null
      for await (const chunk of stream) {
        const [choice] = chunk.choices
        if (choice?.delta.content) send({ text: choice.delta.content })
        finishReason = choice?.finish_reason ?? finishReason
      }
      // To the SDK an answer that was cut off is one that ended.
      if (finishReason === null) throw new Error('The answer was cut off.')
      res.write('data: [DONE]\n\n')
    } catch (error) {
      if (upstream.signal.aborted) return
      // Its message may be about our key: the page learns no more than that it failed.
      console.error(error)
      send({ error: 'The model failed.' })
    }
    res.end()
  })
  return app
}

if (import.meta.main) createApp().listen(8788, '127.0.0.1')
