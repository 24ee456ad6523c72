import type { IncomingMessage, ServerResponse } from 'node:http'
import { setImmediate as turn } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { expect } from 'vitest'
import { httpServer } from '../sockets.ts'
import { type AnswerKind, type ProviderStream, pieces } from './answer.ts'
import { chatCompletions } from './chat-completions.ts'
import { messages } from './messages.ts'
import { responses } from './responses.ts'

/** The key that the mock takes; it refuses every other. */
export const apiKey = 'sk-mock'

/**
 * What goes wrong in the middle of an answer: the provider says so, drops the connection, ends the
 * body as if that were all, or falls silent; or it is silent from the start.
 */
export type ProviderFault = 'error' | 'drop' | 'cut' | 'stall' | 'silence'

/** A provider on 127.0.0.1. */
export interface MockProvider {
  /** Without a path, as Anthropic's SDK wants it. */
  readonly url: string
  /** With `/v1`, as OpenAI's SDK wants it. */
  readonly openaiUrl: string
  /** The paths that were asked, in order. */
  readonly asked: readonly string[]
  /** Fails unless one client came, and left before its answer was over, within a second from now. */
  expectLeft(): Promise<void>
}

const apis: ReadonlyMap<string | undefined, ProviderStream> = new Map([
  ['/v1/chat/completions', chatCompletions],
  ['/v1/responses', responses],
  ['/v1/messages', messages],
])

/**
 * Starts a server that streams as OpenAI's Chat Completions and Responses, and Anthropic's Messages.
 * Like them it wants its key, JSON, a model, `stream: true`, and `content` in what the user said.
 * Closed when the test is over.
 *
 * @param kind - The kind of the answer, or of each in turn.
 * @param fault - What goes wrong in the last of them.
 */
export async function mockProvider(
  kind: AnswerKind | readonly AnswerKind[] = 'text',
  fault?: ProviderFault,
): Promise<MockProvider> {
  const kinds = [kind].flat()
  const asked: string[] = []
  let left = 0
  const server = await httpServer(async (request, response) => {
    const path = request.url ?? ''
    const api = apis.get(path)
    asked.push(path)
    response.on('close', () => {
      if (!response.writableFinished) left += 1
    })
    if (api === undefined) return response.writeHead(404).end()
    const { authorization, 'x-api-key': key } = request.headers
    if (authorization !== `Bearer ${apiKey}` && key !== apiKey) {
      return refuse(response, 401, api.refusal)
    }
    const body = await bodyOf(request)
    if (body['stream'] !== true || typeof body['model'] !== 'string') {
      return refuse(response, 400, { error: { message: 'stream and model are required' } })
    }
    if (!hasContent(body['messages'] ?? body['input'])) {
      return refuse(response, 400, { error: { message: 'content is required' } })
    }
    if (fault === 'silence') return
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
    const asksForUsage = isDeepStrictEqual(body['stream_options'], { include_usage: true })
    const turn = asked.length
    const frames = api
      .frames(kinds[turn - 1] ?? 'text', turn)
      .filter((frame) => asksForUsage || !isUsageChunk(frame))
    await play(response, api, frames, turn < kinds.length ? undefined : fault)
  })
  const url = server.url.slice(0, -1)
  return {
    url,
    openaiUrl: `${url}/v1`,
    asked,
    async expectLeft() {
      await server.allClosed()
      expect({ asked: asked.length, left }).toEqual({ asked: 1, left: 1 })
    },
  }
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  let body = ''
  for await (const part of request) body += part
  return JSON.parse(body)
}

function hasContent(messages: unknown): boolean {
  if (!Array.isArray(messages) || messages.length === 0) return false
  return messages.every(({ role, content }) => role !== 'user' || typeof content === 'string')
}

function refuse(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

async function play(
  response: ServerResponse,
  api: ProviderStream,
  all: readonly string[],
  fault: ProviderFault | undefined,
): Promise<void> {
  const lastBeforeFault = all.findIndex((frame) => frame.includes(JSON.stringify(pieces[2])))
  const frames = fault === undefined ? all : all.slice(0, lastBeforeFault + 1)
  for (const frame of frames) {
    // Twice as many writes as frames, so that readers meet halves of both frames and characters.
    const bytes = Buffer.from(frame)
    const middle = bytes.length >> 1
    for (const part of [bytes.subarray(0, middle), bytes.subarray(middle)]) {
      response.write(part)
      await turn()
    }
  }
  if (fault === 'stall') return
  if (fault === 'error') response.write(api.failure)
  if (fault !== 'drop') response.end()
  // The bytes so far must be out before the connection breaks.
  else response.write('', () => response.socket?.destroy())
}

/** Chat Completions count the tokens only for who asks. */
function isUsageChunk(frame: string): boolean {
  return frame.includes('"choices":[],"usage":{')
}
