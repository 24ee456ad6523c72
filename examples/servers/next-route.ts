// A Next.js route handler that streams Claude's answer and thinking as frames of its own.
// Copy it to app/api/chat/route.ts, and set ANTHROPIC_API_KEY.
import Anthropic from '@anthropic-ai/sdk'

export async function POST(request: Request): Promise<Response> {
  const { messages } = await request.json()
  const upstream = new Anthropic().messages.stream(
    {
      model: 'claude-sonnet-5-5',
      max_tokens: 4096,
      thinking: { type: 'adaptive', display: 'summarized' },
      messages,
    },
    { signal: request.signal },
  )

  const encoder = new TextEncoder()
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      const send = (frame: unknown) =>
        controller.enqueue(encoder.encode(`data: ${JSON.stringify(frame)}\n\n`))
      try {
        for await (const event of upstream) {
          if (event.type !== 'content_block_delta') continue
          if (event.delta.type === 'text_delta') send({ text: event.delta.text })
          if (event.delta.type === 'thinking_delta') send({ reasoning: event.delta.thinking })
        }
        // Throws if the answer was cut off.
        const { stop_reason, usage } = await upstream.finalMessage()
        send({ done: true, stop_reason, usage })
      } catch (error) {
        // The reader has left: there is nobody to tell.
        if (upstream.aborted) return
        // Its message may be about our key: the page learns no more than that it failed.
        console.error(error)
        send({ error: 'The model failed.' })
      }
      controller.close()
    },
    cancel: () => upstream.abort(),
  })
  return new Response(body, {
    headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' },
  })
}
