import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import { collect, streamChat } from 'chatwire'
import { chatResponse, writeChat } from 'chatwire/server'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { expect, onTestFinished, test } from 'vitest'
import { type Upstream, upstream } from './wire.ts'

const path = '/api/chat'

/** Starts a server with one route, and tells where it is. */
type Start = (answer: () => Upstream) => Promise<string>

async function listening(server: Server): Promise<string> {
  if (!server.listening) await new Promise((resolve) => server.on('listening', resolve))
  onTestFinished(async () => {
    // undici 6 and 8 (Node 22, 26) leave a connection open that no request came over.
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`
}

const frameworks: Record<string, Start> = {
  express: async (answer) => {
    const app = express()
    app.post(path, (_req, res) => writeChat(answer(), res))
    return listening(app.listen(0, '127.0.0.1'))
  },
  fastify: async (answer) => {
    const app = fastify()
    app.post(path, async (_request, reply) => {
      reply.hijack()
      await writeChat(answer(), reply.raw)
    })
    await app.listen({ port: 0, host: '127.0.0.1' })
    return listening(app.server)
  },
  hono: async (answer) => {
    const app = new Hono()
    app.post(path, () => chatResponse(answer()))
    return listening(serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }) as Server)
  },
}

for (const [name, start] of Object.entries(frameworks)) {
  test(`${name} streams an answer on`, async () => {
    const url = await start(() => upstream(['Hel', 'lo', { type: 'done' }]))
    const { text, finishReason } = await collect(streamChat({ url, json: { messages: [] } }))
    expect([text, finishReason]).toEqual(['Hello', 'stop'])
  })

  test(`${name} sends each event as it comes, and closes the events when the client leaves`, async () => {
    const source = upstream(['a'], 'stall')
    const url = await start(() => source)
    const stream = streamChat({ url, json: { messages: [] } })
    expect(await stream.next()).toEqual({ done: false, value: { type: 'text', text: 'a' } })
    await stream.return()
    await expect.poll(() => source.closed(), { timeout: 1000, interval: 5 }).toBe(1)
  })
}
