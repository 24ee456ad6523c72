import { type ChatSource, checkSource, isTarget, readSignal, tap } from './arguments.ts'
import { resolveBuffer } from './buffer/text-buffer.ts'
import type { ChatEvent } from './chat-event.ts'
import { type ChatMachine, chatMachine } from './chat-machine.ts'
import type { ChatError } from './errors.ts'
import type { WireFormat } from './formats/format.ts'
import { MAX_EVENT_SIZE } from './framing/sse.ts'
import { must, readNumber } from './must.ts'
import type { ChatCursor, ChatInit, ReadOptions } from './options.ts'
import { connectByRequest, limitsOf } from './transport/connector.ts'
import { DrivenStream } from './transport/driver.ts'
import { lastEventIdOf, prepareRequest } from './transport/request.ts'
import { checkResponse } from './transport/response.ts'
import { type BodyStream, discardSource, openBody, type Source } from './transport/source.ts'

type Chunk = Uint8Array | string

/**
 * The events of one answer. It is consumed once; leaving it, by `break`, `return()` or the end of an
 * `await using` block, closes the connection at once. The request is sent by the first `next()`.
 */
export type ChatStream = AsyncGenerator<ChatEvent, void, undefined>

/** {@link ReadOptions} for functions that do not choose the format themselves. */
export type WithFormat<T> = T & { format: WireFormat }

/** Sends a chat request; the format is required. See `streamChat` of the package's main entry. */
export function streamChat(init: WithFormat<ChatInit>): ChatStream
export function streamChat(input: string | URL | Request, init: WithFormat<ChatInit>): ChatStream
export function streamChat(input: string | URL | Request | ChatInit, init?: ChatInit): ChatStream {
  const request = prepareRequest(input, init)
  const options: ChatInit = { ...(isTarget(input) ? init : input) }
  const fail = (error: ChatError): void => stream.fail(error)
  const { machine, holdMs } = createMachine(options, fail, lastEventIdOf(request))
  const connector = connectByRequest<ChatInit, ChatCursor, Chunk>({
    request,
    init: options,
    onResponse: tap('onResponse', options.onResponse, fail),
    open: (response, signal, { maxEventSize }) =>
      openResponse(response, machine, signal, maxEventSize),
    eventCount: machine.contentCount,
    position: machine.position,
    isComplete: machine.hasFinishReason,
    resume: options.resume,
    cursor(attempt) {
      const { lastEventId } = machine.position()
      return { lastEventId, attempt, result: machine.result() }
    },
    restart: machine.restart,
  })
  const stream = new DrivenStream({ machine, holdMs, ...connector })
  return stream
}

/** Reads an answer that is already there; the format is required. See `readChat` of the main entry. */
export function readChat(source: ChatSource, options: WithFormat<ReadOptions>): ChatStream {
  const isResponse = checkSource(source)
  const { machine, holdMs } = createMachine(options, (error) => stream.fail(error))
  const stream = new DrivenStream<Chunk, ChatEvent>({
    machine,
    holdMs,
    limits: limitsOf(options, readSignal(options.signal)),
    open: async (signal) =>
      isResponse
        ? openResponse(source as Response, machine, signal)
        : openBody(source as BodyStream),
    discard: () => discardSource(source),
  })
  return stream
}

async function openResponse(
  response: Response,
  machine: ChatMachine,
  signal: AbortSignal,
  maxEventSize?: number,
): Promise<Source<Chunk>> {
  machine.connect(response.headers.get('content-type') ?? '', maxEventSize)
  return openBody(await checkResponse(response, signal))
}

function createMachine(
  options: ChatInit,
  fail: (error: ChatError) => void,
  lastEventId = '',
): { machine: ChatMachine; holdMs: number } {
  const { format, requireEnd = false } = options
  must(typeof format?.decoder === 'function', 'format must be one of chatwire/formats')
  const buffer = options.buffer === undefined ? undefined : resolveBuffer(options.buffer)
  const machine = chatMachine({
    format,
    buffer,
    requireEnd,
    lastEventId,
    maxEventSize: readNumber('maxEventSize', options.maxEventSize, MAX_EVENT_SIZE),
    mayResume: options.resume !== undefined,
    onFrame: tap('onFrame', options.onFrame, fail),
  })
  // 0 turns a watchdog off, but holds nothing here.
  return { machine, holdMs: buffer === undefined ? 0 : Math.max(buffer.maxHoldMs, 1) }
}
