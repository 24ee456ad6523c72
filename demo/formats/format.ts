import type { Answer } from '../answer.ts'

/** How one family of servers writes an answer: all that the demo knows about a wire format. */
export interface DemoFormat {
  /** Its name on the page. */
  readonly label: string
  readonly contentType: string
  /** The pieces of one whole answer, in order, as they are written to the wire. */
  frames(answer: Answer): string[]
  /** How the server reports a failure inside the stream; absent if the format cannot say it. */
  readonly errorFrame?: string
  /** The JSON body of an answer with status 401. */
  readonly unauthorized: object
}

/** A server-sent event without a name. */
export function data(payload: unknown): string {
  return `data: ${typeof payload === 'string' ? payload : JSON.stringify(payload)}\n\n`
}
