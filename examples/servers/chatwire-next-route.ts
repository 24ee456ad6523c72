// A Next.js route handler for `useChat` that streams Claude's answer through chatwire, without an SDK.
// Copy it to app/api/chat/route.ts, and set ANTHROPIC_API_KEY.
import { streamChat } from 'chatwire'
import type { ChatMessage } from 'chatwire/chat'
import { chatResponse } from 'chatwire/server'

export async function POST(request: Request): Promise<Response> {
  const { messages }: { messages: ChatMessage[] } = await request.json()
  const { ANTHROPIC_BASE_URL = 'https://api.anthropic.com', ANTHROPIC_API_KEY = '' } = process.env
  const answer = streamChat({
    url: `${ANTHROPIC_BASE_URL}/v1/messages`,
    headers: { 'x-api-key': ANTHROPIC_API_KEY, 'anthropic-version': '2023-06-01' },
    json: {
      model: 'claude-sonnet-5-5',
      max_tokens: 4096,
      thinking: { type: 'adaptive', display: 'summarized' },
      messages: messages.map(({ role, text }) => ({ role, content: text })),
      stream: true,
    },
  })
  // Ends the request to Anthropic, too, if the reader leaves.
  return chatResponse(answer)
}
