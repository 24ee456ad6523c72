// A web handler that adds the key and passes the provider's stream through, byte for byte.
// In a Next.js route: export const POST = passThrough('https://api.openai.com/v1/responses', headers)

/**
 * `url` and `headers` are those of the provider; the page sends the rest of the request. So whoever
 * reaches the route may ask for any model and any length: let in only whom you trust with that.
 */
export function passThrough(
  url: string,
  headers: Record<string, string>,
): (request: Request) => Promise<Response> {
  return async (request) => {
    const upstream = await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: await request.text(),
      signal: request.signal,
    })
    // With the status and the type, so that the page can tell a refusal from an answer. What the
    // provider says of a wrong key is passed through as well.
    return new Response(upstream.body, {
      status: upstream.status,
      headers: { 'content-type': upstream.headers.get('content-type') ?? 'text/plain' },
    })
  }
}
