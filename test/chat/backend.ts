import type { ChatEvent, ChatResult } from 'chatwire'
import type { Chat, ChatOptions, ChatSnapshot } from 'chatwire/chat'
import { createChat } from 'chatwire/chat'
import { type Feed, feed, url } from '../transport/feed.ts'

/** A server in memory: every request gets an answer that the test writes as it goes. */
export interface Backend {
  readonly fetch: typeof fetch
  /** One for each request, in order. */
  readonly answers: Feed[]
  /** The last one. */
  last(): Feed
  /** What request number `index` asked: its body as JSON. */
  asked(index: number): { messages: { role: string; text: string }[] }
}

export function backend(): Backend {
  const answers: Feed[] = []
  return {
    answers,
    async fetch(input, init) {
      const answer = feed()
      answers.push(answer)
      return answer.fetch(input, init)
    },
    last() {
      const answer = answers.at(-1)
      if (answer === undefined) throw new Error('no request came')
      return answer
    },
    asked(index) {
      return JSON.parse(String(answers[index]?.calls[0]?.init.body))
    },
  }
}

/** A chat that talks to such a server, with ids that count: m1, m2, … */
export function chatWith(
  server: Backend,
  options: Partial<ChatOptions> = {},
): Chat & { notified: ChatSnapshot[] } {
  const chat = createChat({
    url,
    fetch: server.fetch,
    notify: 'sync',
    generateId: counter(),
    ...options,
  })
  const notified: ChatSnapshot[] = []
  chat.subscribe((snapshot) => notified.push(snapshot))
  return { ...chat, notified }
}

export function counter(): () => string {
  let count = 0
  return () => {
    count += 1
    return `m${count}`
  }
}

/** What of a snapshot matters to most rules: who says what, and how it stands. */
export function brief({ messages, status }: ChatSnapshot): (string | undefined)[] {
  return [status, ...messages.map(({ role, text, status }) => `${role} ${status}: ${text}`)]
}

/** The events of an answer, as a stream, with a `done` that says so. */
export async function* eventsOf(
  events: readonly ChatEvent[],
  result: Partial<ChatResult> = {},
): AsyncGenerator<ChatEvent, void, undefined> {
  yield* events
  yield { type: 'done', ...doneResult, ...result }
}

const doneResult: ChatResult = {
  finishReason: 'stop',
  text: '',
  reasoning: '',
  refusal: '',
  toolCalls: [],
  toolResults: [],
  sources: [],
  files: [],
  timing: { totalMs: 0 },
}

/** Lets all that is under way without a timer come to rest. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setTimeout(resolve, 0))
}
