import { type ChatEvent, type ChatInit, streamChat } from 'chatwire'
import type { Fixture } from '../helpers/fixture.ts'
import { checkPromises, runOrLeave } from '../helpers/run.ts'
import { watchedAbort } from '../transport/feed.ts'
import { equal } from './assert.ts'
import { within } from './check.ts'

/** What the server knows about the requests of one {@link Scenario}. */
export interface RequestState {
  requests: number
  /** Whether all their connections are closed. The server waits a second for it before it tells. */
  closed: boolean
}

/** One use of a path of the server, told from all others by an id. */
export interface Scenario {
  url: string
  state(): Promise<RequestState>
  /** Tells the server to go on with what it waits to do. */
  proceed(): Promise<unknown>
}

/** The server that plays the scenarios, as its clients see it. */
export interface Server {
  at(path: string, query?: Record<string, string | number>): Scenario
  fixtures(): Promise<readonly Fixture[]>
  /** An address that nobody listens at. */
  closedUrl(): Promise<string>
}

export function connect(serverUrl: string): Server {
  // The server goes on from one runtime to the next.
  const client = Math.random().toString(36).slice(2)
  let count = 0

  async function ask<T>(path: string): Promise<T> {
    const response = await fetch(new URL(path, serverUrl))
    return response.json()
  }

  return {
    at(path, query = {}) {
      const id = `${client}-${++count}`
      const url = new URL(path, serverUrl)
      for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value))
      url.searchParams.set('id', id)
      return {
        url: url.href,
        state: () => ask(`/state?id=${id}`),
        proceed: () => ask(`/proceed?id=${id}`),
      }
    },
    fixtures: () => ask('/fixtures'),
    closedUrl: () => ask('/closed-url'),
  }
}

/** What a case does when an event comes; `'leave'` breaks the loop. */
type Act = (event: ChatEvent, abort: AbortController) => unknown

/**
 * Streams an answer and checks what must hold whatever becomes of it: one `done` at the end and at
 * most one error before it (unless the loop is left), the connection closed within a second as the
 * server sees it, no listener left on the signal, and every further call harmless.
 */
export async function observe(
  scenario: Scenario,
  init: Omit<ChatInit, 'url'> = {},
  act: Act = () => undefined,
): Promise<ChatEvent[]> {
  const abort = watchedAbort()
  const { signal } = abort
  const stream = streamChat({ url: scenario.url, json: { messages: [] }, signal, ...init })
  const { events, isLeft } = await runOrLeave(stream, (event) => act(event, abort))
  const { requests, closed } = await scenario.state()
  equal({ requests, closed }, { requests: 1, closed: true }, 'what the server saw')
  if (!isLeft) checkPromises(events)
  equal(abort.listeners(), 0, 'the number of listeners left')
  abort.abort()
  const over = { done: true, value: undefined }
  equal(await within(1000, () => stream.next()), over)
  equal(await within(1000, () => stream.return()), over)
  return events
}
