// An Express route for `useChat` that streams a chat completion through chatwire, without an SDK.
// Run with an OPENAI_API_KEY: npm run build && npx node examples/servers/chatwire-express.ts
import { streamChat } from 'chatwire'
import type { ChatMessage } from 'chatwire/chat'
import { writeChat } from 'chatwire/server'
import express, { type Express } from 'express'

interface Provider {
  baseURL?: string
  apiKey?: string | undefined
}

export function createApp(provider: Provider = {}): Express {
  const { baseURL = 'https://api.openai.com/v1', apiKey = process.env['OPENAI_API_KEY'] } = provider
  const app = express()
  app.use(express.json())

  app.post('/api/chat', (req, res) => {
    const { messages }: { messages: ChatMessage[] } = req.body
    const answer = streamChat({
      url: `${baseURL}/chat/completions`,
      headers: { authorization: `Bearer ${apiKey}` },
      json: {
        model: 'gpt-6-luna',
        messages: messages.map(({ role, text }) => ({ role, content: text })),
        stream: true,
        stream_options: { include_usage: true },
      },
    })
    // Ends the request to the provider, too, if the reader leaves.
    return writeChat(answer, res)
  })
  return app
}

if (import.meta.main) createApp().listen(8788, '127.0.0.1')
