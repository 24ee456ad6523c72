import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { type ChatEvent, type ReadOptions, readChat } from 'chatwire'
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { type WebSocket as ServerSocket, WebSocketServer } from 'ws'
import { messagesOf } from '../../examples/node/websocket-messages.ts'
import { chat, type Respond } from '../../examples/servers/websocket.ts'
import { utf8 } from '../helpers/encode.ts'
import { checkPromises, doneOf, run } from '../helpers/run.ts'
import { runNode } from './run-node.ts'

/** A server on a free port, and the socket of each connection as the server has it. */
async function serve(connect: (socket: ServerSocket, index: number) => void) {
  const sockets: ServerSocket[] = []
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  server.on('connection', (socket) => {
    socket.on('error', () => undefined)
    connect(socket, sockets.push(socket) - 1)
  })
  await once(server, 'listening')
  onTestFinished(async () => {
    for (const socket of sockets) socket.terminate()
    await new Promise((resolve) => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  return { url: `ws://127.0.0.1:${port}`, sockets }
}

/** Fails unless the server sees its only connection closed within a second. */
async function expectClosed([socket]: readonly ServerSocket[]): Promise<void> {
  const deadline = performance.now() + 1000
  while (socket?.readyState !== 3 && performance.now() < deadline) await wait(5)
  expect(socket?.readyState).toBe(3)
}

const send = (...messages: (string | Uint8Array)[]) => {
  return (socket: ServerSocket): void => {
    for (const message of messages) socket.send(message)
  }
}
const chunk = (text: string) => JSON.stringify({ type: 'chunk', text })
const done = JSON.stringify({ type: 'done' })

/** Reads what a server sends as soon as somebody connects. */
async function read(url: string, options: ReadOptions = {}): Promise<ChatEvent[]> {
  const stream = readChat(messagesOf(new WebSocket(url)), { requireEnd: true, ...options })
  const events = await run(stream)
  checkPromises(events)
  return events
}

describe('the messages of a socket are an answer', () => {
  test.each<[string, (string | Uint8Array)[], string]>([
    ['one frame each', [chunk('Hel'), chunk('lö 👋🏽'), done], 'Hellö 👋🏽'],
    ['with [DONE] at the end', [chunk('Hel'), chunk('lo'), '[DONE]'], 'Hello'],
    ['over many lines', [JSON.stringify({ type: 'chunk', text: 'Hello' }, null, 2), done], 'Hello'],
    ['as events of an event stream', [`data: ${chunk('Hello')}\n\n`, 'data: [DONE]\n\n'], 'Hello'],
    ['in binary', [utf8(chunk('Hello')), utf8(done)], 'Hello'],
    ['text and binary', [chunk('Hel'), utf8(chunk('lo')), done], 'Hello'],
  ])('%s', async (_name, messages, text) => {
    const { url, sockets } = await serve(send(...messages))
    const { finishReason, ...result } = doneOf(await read(url))
    expect([result.text, finishReason, result.error]).toEqual([text, 'stop', undefined])
    await expectClosed(sockets)
  })

  test('in binary, cut anywhere, inside of characters too', async () => {
    const wire = utf8(chunk('lö 👋🏽') + done)
    const { url } = await serve((socket, index) => {
      send(wire.subarray(0, index + 1), wire.subarray(index + 1))(socket)
    })
    for (let cut = 1; cut < wire.length; cut += 1) {
      const { text, finishReason } = doneOf(await read(url))
      expect([text, finishReason], `cut at ${cut}`).toEqual(['lö 👋🏽', 'stop'])
    }
  })

  test('of which bare text is text, whose end nobody can tell', async () => {
    const { url } = await serve((socket) => {
      send('Hel', 'lo')(socket)
      socket.close()
    })
    const { text, finishReason } = doneOf(await read(url, { requireEnd: false }))
    expect([text, finishReason]).toEqual(['Hello', 'unknown'])
  })
})

describe('a socket that closes before the answer is over', () => {
  test.each<[string, (socket: ServerSocket) => void]>([
    ['as if all were well', (socket) => socket.close()],
    ['with a code of failure', (socket) => socket.close(1011, 'overloaded')],
    ['without a word', (socket) => socket.terminate()],
  ])('%s, is truncated after the text that came', async (_name, close) => {
    const { url } = await serve((socket) => {
      socket.send(chunk('Hel'), () => close(socket))
    })
    const events = await read(url)
    expect(events.map(({ type }) => type)).toEqual(['text', 'error', 'done'])
    expect(doneOf(events)).toMatchObject({ text: 'Hel', error: { code: 'truncated' } })
  })

  test('in the middle of a message in pieces is truncated, too', async () => {
    const { url } = await serve((socket) => {
      socket.send(utf8(chunk('Hel') + chunk('lo').slice(0, -4)), () => socket.close())
    })
    expect(doneOf(await read(url))).toMatchObject({
      text: 'Hel',
      error: { code: 'truncated', pending: chunk('lo').slice(0, -4) },
    })
  })

  test('is never taken for a stop, also where no end is required', async () => {
    const { url } = await serve((socket) => {
      socket.send(chunk('Hel'), () => socket.close())
    })
    expect(doneOf(await read(url, { requireEnd: false })).finishReason).toBe('unknown')
  })

  test('loses nothing that a slow reader has not read yet', async () => {
    const { url, sockets } = await serve((socket) => {
      send(...Array.from({ length: 100 }, (_, index) => chunk(`${index} `)))(socket)
      socket.close()
    })
    const stream = readChat(messagesOf(new WebSocket(url)), { requireEnd: true, readAheadBytes: 0 })
    const events: ChatEvent[] = []
    for await (const event of stream) {
      if (events.length === 0) await expectClosed(sockets)
      events.push(event)
    }
    const text = Array.from({ length: 100 }, (_, index) => `${index} `).join('')
    expect(doneOf(events)).toMatchObject({ text, error: { code: 'truncated' } })
  })
})

describe('errors', () => {
  test('that the server reports come after the text before them', async () => {
    const { url, sockets } = await serve(send(chunk('Hel'), '{"type":"error","message":"busy"}'))
    const events = await read(url)
    expect(events.map(({ type }) => type)).toEqual(['text', 'error', 'done'])
    expect(doneOf(events).error).toMatchObject({
      code: 'provider',
      message: expect.stringContaining('busy'),
    })
    await expectClosed(sockets)
  })

  test('of a server that is not there are network errors', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    server.close()
    await once(server, 'close')
    const events = await read(`ws://127.0.0.1:${port}`)
    expect(events.map(({ type }) => type)).toEqual(['error', 'done'])
    expect(doneOf(events).error).toMatchObject({ code: 'network' })
  })
})

describe('the socket is closed', () => {
  test('by an abort, at the server within a second', async () => {
    const abort = new AbortController()
    const { url, sockets } = await serve(send(chunk('Hel')))
    const stream = readChat(messagesOf(new WebSocket(url)), { signal: abort.signal })
    const events: ChatEvent[] = []
    for await (const event of stream) {
      events.push(event)
      if (event.type === 'text') setTimeout(() => abort.abort(), 20)
    }
    expect(events).toMatchObject([
      { type: 'text', text: 'Hel' },
      { type: 'done', finishReason: 'aborted', text: 'Hel' },
    ])
    await expectClosed(sockets)
  })

  test('by leaving the loop', async () => {
    const { url, sockets } = await serve(send(chunk('Hel')))
    for await (const event of readChat(messagesOf(new WebSocket(url)))) {
      expect(event).toEqual({ type: 'text', text: 'Hel' })
      break
    }
    await expectClosed(sockets)
  })

  test('by an abort before it is open', async () => {
    const { url } = await serve(send(chunk('Hel')))
    const socket = new WebSocket(url)
    const events = await run(readChat(messagesOf(socket), { signal: AbortSignal.abort() }))
    expect(events).toMatchObject([{ type: 'done', finishReason: 'aborted', text: '' }])
    expect(socket.readyState).toBeGreaterThan(1)
  })
})

describe('the examples talk to each other', () => {
  beforeAll(() => {
    if (!existsSync(new URL('../../dist/index.js', import.meta.url))) {
      throw new Error('The examples import the built package: run `npm run build` first.')
    }
  })

  const start = (respond: Respond) => serve(chat(respond))
  const client = 'examples/node/websocket.ts'

  test('a whole answer is printed', async () => {
    const seen: unknown[] = []
    const { url, sockets } = await start(async function* (messages) {
      seen.push(...messages)
      yield* ['Hel', 'lö ', '👋🏽']
    })
    const { exitCode, stdout, stderr } = await runNode([client, url])
    expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 0, stdout: 'Hellö 👋🏽', stderr: '' })
    expect(seen).toMatchObject([{ role: 'user' }])
    await expectClosed(sockets)
  })

  test('an error of the model is printed after what came before it', async () => {
    const { url } = await start(async function* () {
      yield 'Hel'
      throw new Error('it broke')
    })
    const complaints = vi.spyOn(console, 'error').mockReturnValue()
    onTestFinished(() => complaints.mockRestore())
    const { exitCode, stdout, stderr } = await runNode([client, url])
    expect([exitCode, stdout]).toEqual([1, 'Hel'])
    expect(stderr).toMatch(/^\nprovider: .*: The model failed\.$/m)
    expect(complaints.mock.calls).toEqual([[new Error('it broke')]])
  })

  test('Ctrl-C closes the socket, and stops the model', async () => {
    let isStopped = false
    const { url, sockets } = await start(async function* (_messages, signal) {
      yield 'Hel'
      await once(signal, 'abort')
      isStopped = true
    })
    const { exitCode, stdout } = await runNode([client, url], (output) => output === 'Hel')
    expect([exitCode, stdout]).toEqual([130, 'Hel'])
    await expectClosed(sockets)
    await expect.poll(() => isStopped).toBe(true)
  })
})
