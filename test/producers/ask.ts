import { getRequestListener } from '@hono/node-server'
import { type ChatInit, type ChatResult, streamChat } from 'chatwire'
import { checkPromises, checkToolCalls, doneOf, merged, run } from '../helpers/run.ts'
import { httpServer, type TestServer } from '../helpers/sockets.ts'

export type Route = (request: Request) => Response | Promise<Response>

export const question = { messages: [{ role: 'user', content: 'What is the weather in Paris?' }] }

export interface Answer {
  /** The events before `done`; neighbouring pieces of one thing are joined. */
  events: unknown[]
  done: ChatResult
}

/** A route on 127.0.0.1, until the test is over. */
export function serveRoute(route: Route): Promise<TestServer> {
  return httpServer(getRequestListener(route, { overrideGlobalObjects: false }))
}

/** Streams an answer with nothing configured about its format. */
export async function askAt(url: string, init: Omit<ChatInit, 'url'> = {}): Promise<Answer> {
  const events = await run(streamChat({ url, json: question, ...init }))
  checkPromises(events)
  checkToolCalls(events)
  // The ids of tool calls are the producer's own, and none is to be replaced.
  const ids = JSON.stringify(events)
  return { events: merged(events, ids).slice(0, -1), done: doneOf(events) }
}

/** Serves a route and streams its answer. */
export async function ask(route: Route, init: Omit<ChatInit, 'url'> = {}): Promise<Answer> {
  return askAt((await serveRoute(route)).url, init)
}

/** `destroy` drops the connection, `end` closes the body as if it were whole: proxies do both. */
export type Cut = 'destroy' | 'end'

/**
 * Streams an answer of which the server lets no more through than the first `pieces` that the
 * producer hands to it.
 */
export async function askCut(route: Route, cut: Cut, pieces: number): Promise<ChatResult> {
  const listener = getRequestListener(
    async (request, { outgoing }) => {
      const { body, headers } = await route(request)
      if (body === null) throw new Error('the route answered without a body')
      const { readable, writable } = takeFirst(pieces, () => {
        if (cut === 'destroy') outgoing.destroy()
      })
      body.pipeTo(writable).catch(() => undefined)
      return new Response(readable, { headers })
    },
    { overrideGlobalObjects: false },
  )
  return (await askAt((await httpServer(listener)).url)).done
}

function takeFirst(pieces: number, cut: () => void) {
  let left = pieces
  return new TransformStream<Uint8Array, Uint8Array>({
    transform(piece, controller) {
      if (left-- > 0) return controller.enqueue(piece)
      cut()
      controller.terminate()
    },
  })
}

/** The pieces in which the producer hands on its answer. */
export async function piecesOf(route: Route): Promise<string[]> {
  const { body } = await route(
    new Request('http://127.0.0.1/', { method: 'POST', body: JSON.stringify(question) }),
  )
  const pieces: string[] = []
  const decoder = new TextDecoder()
  for await (const piece of body ?? []) pieces.push(decoder.decode(piece, { stream: true }))
  return pieces
}
