import {
  type ChatSource,
  checkSource,
  isTarget,
  readReadAhead,
  readSignal,
  readTimeout,
  tap,
} from './arguments.ts'
import { resolveBuffer } from './buffer/text-buffer.ts'
import type { ChatEvent } from './chat-event.ts'
import { type ChatMachine, chatMachine } from './chat-machine.ts'
import type { WireFormat } from './formats/format.ts'
import { MAX_EVENT_SIZE } from './framing/sse.ts'
import { must, readNumber } from './must.ts'
import type { ChatInit, ReadOptions } from './options.ts'
import { DrivenStream } from './transport/driver.ts'
import { prepareRequest, sendRequest } from './transport/request.ts'
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
  const options = isTarget(input) ? (init ?? {}) : input
  const { response: responseMs } = readTimeout(options.timeout)
  const onResponse = tap('onResponse', options.onResponse, (error) => stream.fail(error))
  const { stream, machine } = driveChat(options, request.signal, async (signal) => {
    // One attempt: trying again, and going on elsewhere, would happen between here and the driver.
    const response = await sendRequest(request, responseMs, signal, onResponse)
    return openResponse(response, machine, signal)
  })
  return stream
}

/** Reads an answer that is already there; the format is required. See `readChat` of the main entry. */
export function readChat(source: ChatSource, options: WithFormat<ReadOptions>): ChatStream {
  const isResponse = checkSource(source)
  const open = async (signal: AbortSignal): Promise<Source<Chunk>> =>
    isResponse ? openResponse(source as Response, machine, signal) : openBody(source as BodyStream)
  const discard = (): void => discardSource(source)
  const { stream, machine } = driveChat(options, readSignal(options.signal), open, discard)
  return stream
}

async function openResponse(
  response: Response,
  machine: ChatMachine,
  signal: AbortSignal,
): Promise<Source<Chunk>> {
  machine.respond(response.headers.get('content-type') ?? '')
  return openBody(await checkResponse(response, signal))
}

function driveChat(
  options: ReadOptions,
  signal: AbortSignal | undefined,
  open: (signal: AbortSignal) => Promise<Source<Chunk>>,
  discard?: () => void,
): { stream: DrivenStream<Chunk, ChatEvent>; machine: ChatMachine } {
  const { format, requireEnd = false } = options
  must(typeof format?.decoder === 'function', 'format must be one of chatwire/formats')
  const { idle: idleMs, content: contentMs } = readTimeout(options.timeout)
  const buffer = options.buffer === undefined ? undefined : resolveBuffer(options.buffer)
  const machine = chatMachine({
    format,
    buffer,
    requireEnd,
    maxEventSize: readNumber('maxEventSize', options.maxEventSize, MAX_EVENT_SIZE),
    onFrame: tap('onFrame', options.onFrame, (error) => stream.fail(error)),
  })
  const stream = new DrivenStream({
    machine,
    open,
    discard,
    signal,
    readAheadBytes: readReadAhead(options.readAheadBytes),
    idleMs,
    contentMs,
    // 0 turns a watchdog off, but holds nothing here.
    holdMs: buffer === undefined ? 0 : Math.max(buffer.maxHoldMs, 1),
  })
  return { stream, machine }
}
