import type { ChatError, ChatEvent } from 'chatwire'

/** One line for each event, so that a test shows the whole sequence and its length at a glance. */
export function brief(events: readonly ChatEvent[]): string[] {
  return events.map((event) => {
    switch (event.type) {
      case 'text':
      case 'reasoning':
      case 'refusal':
        return `${event.type} ${event.text}`
      case 'error':
        return `error ${event.error.code}`
      case 'done':
        return `done ${event.finishReason}: ${event.text}`
      default:
        return event.type
    }
  })
}

/** The one error among the events. */
export function errorOf(events: readonly ChatEvent[]): ChatError {
  const errors = events.flatMap((event) => (event.type === 'error' ? [event.error] : []))
  const [error] = errors
  if (error === undefined || errors.length > 1) throw new Error(`${errors.length} error events`)
  return error
}

/** What a stream has given so far. */
export interface Followed {
  events: ChatEvent[]
  isOver: boolean
}

/** Reads a stream in the background, for tests that move the clock meanwhile. */
export function follow(stream: AsyncIterable<ChatEvent>): Followed {
  const followed: Followed = { events: [], isOver: false }
  const read = async (): Promise<void> => {
    for await (const event of stream) followed.events.push(event)
    followed.isOver = true
  }
  // Iterating a chat stream never throws; if it does, the test fails for an unhandled rejection.
  void read()
  return followed
}
