import { connect, createServer, type Socket } from 'node:net'
import { listen, Open, type TestServer } from './server.ts'

/** HTTP/2, frame by frame, so that a server can break it in every way. */

const PREFACE_LENGTH = 24
const types = { data: 0, headers: 1, reset: 3, settings: 4, goAway: 7 } as const
const END_STREAM = 1
const END_HEADERS = 4
const ACK = 1

/** Error codes. See https://www.rfc-editor.org/rfc/rfc9113#ErrorCodes */
export const codes = { noError: 0, internal: 2, refused: 7, cancel: 8 } as const

export interface Http2Stream {
  socket: Socket
  headers(status: number): void
  data(text: string, isLast?: boolean): void
  reset(code: number): void
  /** Says that the connection ends, and which stream was the last one that counts. */
  goAway(code: number, isThisStreamIn: boolean): void
}

function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array = new Uint8Array(),
): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

function numbers(...values: number[]): Buffer {
  const buffer = Buffer.alloc(4 * values.length)
  for (const [index, value] of values.entries()) buffer.writeUInt32BE(value, 4 * index)
  return buffer
}

/** A header that is in no table, as HPACK writes it. */
function literal(name: string, value: string): Buffer {
  const text = (part: string): Buffer =>
    Buffer.concat([Buffer.from([part.length]), Buffer.from(part)])
  return Buffer.concat([Buffer.from([0]), text(name), text(value)])
}

function streamOn(socket: Socket, id: number, close: () => void): Http2Stream {
  const write = (type: number, flags: number, stream: number, payload?: Uint8Array): void => {
    if (!socket.destroyed) socket.write(frame(type, flags, stream, payload))
  }
  return {
    socket,
    headers(status) {
      const block = [literal(':status', `${status}`), literal('content-type', 'text/event-stream')]
      write(types.headers, END_HEADERS, id, Buffer.concat(block))
    },
    data(text, isLast) {
      write(types.data, isLast ? END_STREAM : 0, id, Buffer.from(text))
      if (isLast) close()
    },
    reset(code) {
      write(types.reset, 0, id, numbers(code))
      close()
    },
    goAway: (code, isIn) => write(types.goAway, 0, 0, numbers(isIn ? id : 0, code)),
  }
}

/** Calls back for each whole frame that the client sends. */
function eachFrame(socket: Socket, take: (type: number, flags: number, id: number) => void): void {
  let held: Buffer = Buffer.alloc(0)
  let isGreeted = false
  socket.on('data', (chunk: Buffer) => {
    held = Buffer.concat([held, chunk])
    if (!isGreeted && held.length >= PREFACE_LENGTH) {
      held = held.subarray(PREFACE_LENGTH)
      isGreeted = true
    }
    while (isGreeted && held.length >= 9 && held.length >= 9 + held.readUIntBE(0, 3)) {
      take(held.readUInt8(3), held.readUInt8(4), held.readUInt32BE(5))
      held = held.subarray(9 + held.readUIntBE(0, 3))
    }
  })
}

/**
 * Starts a server that speaks HTTP/2 without TLS, to clients that know that it does. What must be
 * closed in the end are its streams: the client may keep the connection for a next request.
 */
export async function startHttp2(respond: (stream: Http2Stream) => unknown): Promise<TestServer> {
  let requests = 0
  const streams = new Open<string>()
  let connections = 0
  const server = createServer((socket) => {
    const connection = connections++
    const ids = new Set<number>()
    const close = (id: number): void => streams.delete(`${connection}/${id}`)
    socket.setNoDelay(true)
    socket.write(frame(types.settings, 0, 0))
    socket.on('close', () => ids.forEach(close))
    eachFrame(socket, (type, flags, id) => {
      if (type === types.settings && flags !== ACK) socket.write(frame(type, ACK, 0))
      if (type === types.reset) close(id)
      if (type !== types.headers) return
      requests += 1
      ids.add(id)
      streams.items.add(`${connection}/${id}`)
      respond(streamOn(socket, id, () => close(id)))
    })
  })
  const rest = await listen(server, () => requests)
  return { ...rest, sockets: () => streams.items.size, allClosed: () => streams.allClosed() }
}

interface Dispatcher {
  destroy(): Promise<void>
}

/**
 * A dispatcher with which the global fetch speaks HTTP/2, also without TLS. Node does not export
 * its class, but has one at work, which can be asked.
 */
export async function http2Dispatcher(): Promise<Dispatcher> {
  await fetch('data:,')
  const ours: unknown = Reflect.get(globalThis, Symbol.for('undici.globalDispatcher.1'))
  const Agent = (ours as object).constructor as new (options: object) => Dispatcher
  return new Agent({
    allowH2: true,
    connect(
      { hostname, port }: { hostname: string; port: string },
      callback: (error: Error | null, socket?: Socket) => void,
    ) {
      const socket = connect(Number(port), hostname)
      Object.assign(socket, { alpnProtocol: 'h2' })
      socket.once('connect', () => callback(null, socket)).once('error', callback)
      return socket
    },
  })
}
