import type { Answer } from '../answer.ts'

/** How one family of servers writes an answer: all that the demo knows about a wire format. */
export interface DemoFormat {
  /** Its name on the page. */
  readonly label: string
  readonly contentType: string
  /** Headers that its servers send beside the content type. */
  readonly headers?: Readonly<Record<string, string>>
  /** Whether an answer can ask the caller to run a tool. */
  readonly hasTools: boolean
  /** The pieces of one whole answer, in order, as they are written to the wire. */
  frames(answer: Answer): string[]
  /** How the server reports a failure inside the stream; absent if the format cannot say it. */
  readonly errorFrame?: string
  /** The JSON body of an answer with status 401. */
  readonly unauthorized: object
}

export const eventStream = 'text/event-stream; charset=utf-8'

export type Payload = Record<string, unknown>

/** A server-sent event without a name. */
export function data(payload: unknown): string {
  return `data: ${typeof payload === 'string' ? payload : JSON.stringify(payload)}\n\n`
}

/** A server-sent event with a name. */
export function named(name: string, payload: unknown): string {
  return `event: ${name}\n${data(payload)}`
}

/** A server-sent event that is named like its payload's type. */
export function typed(payload: Payload & { type: string }): string {
  return named(payload.type, payload)
}
