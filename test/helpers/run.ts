import type { ChatEvent, ChatResult } from 'chatwire'
import { isChatError } from 'chatwire'

/** Reads a stream to its end. */
export async function run(stream: AsyncIterable<ChatEvent>): Promise<ChatEvent[]> {
  const events: ChatEvent[] = []
  for await (const event of stream) events.push(event)
  return events
}

/** Reads a stream to its end, or until `act` says `'leave'` to one of its events. */
export async function runOrLeave(
  stream: AsyncIterable<ChatEvent>,
  act: (event: ChatEvent) => unknown,
): Promise<{ events: ChatEvent[]; isLeft: boolean }> {
  const events: ChatEvent[] = []
  for await (const event of stream) {
    events.push(event)
    if ((await act(event)) === 'leave') return { events, isLeft: true }
  }
  return { events, isLeft: false }
}

/** The `done` event, which must be the last. */
export function doneOf(events: readonly ChatEvent[]): ChatResult {
  const last = events.at(-1)
  must(last?.type === 'done', 'the last event is done')
  return last as ChatResult
}

type Mergeable = Extract<ChatEvent, { type: 'text' | 'reasoning' | 'refusal' | 'tool-call-delta' }>

/**
 * The events without what carries no meaning: neighbouring text, reasoning, refusal and pieces of
 * one tool call are joined, and the times in `done` are dropped. Two readings of the same bytes
 * must be equal after this, however the bytes were cut.
 *
 * Ids of tool calls that do not occur in `body` were made up by the decoder; they are numbered.
 */
export function merged(events: readonly ChatEvent[], body = ''): unknown[] {
  return JSON.parse(mergedText(events, body)) as unknown[]
}

/** The same as JSON, for those who compare thousands of readings. */
export function mergedText(events: readonly ChatEvent[], body = ''): string {
  const joined: unknown[] = []
  let open: Mergeable | undefined
  for (const event of events) {
    if (open !== undefined && joins(open, event)) {
      append(open, event)
      continue
    }
    open = isMergeable(event) ? { ...event } : undefined
    joined.push(open ?? withoutTiming(event))
  }
  return numbered(JSON.stringify(joined, plainError), events, body)
}

function isMergeable(event: ChatEvent): event is Mergeable {
  return ['text', 'reasoning', 'refusal', 'tool-call-delta'].includes(event.type)
}

function joins(open: Mergeable, event: ChatEvent): event is Mergeable {
  if (event.type !== open.type || event.choice !== open.choice) return false
  return event.type !== 'tool-call-delta' || ('id' in open && event.id === open.id)
}

function append(open: Mergeable, event: Mergeable): void {
  if (open.type === 'tool-call-delta') {
    if (event.type === 'tool-call-delta') open.delta += event.delta
  } else if (event.type !== 'tool-call-delta') open.text += event.text
}

function withoutTiming(event: ChatEvent): unknown {
  if (event.type !== 'done') return event
  const { timing: _, ...rest } = event
  return rest
}

/** Errors and `undefined` leave no trace in JSON; this keeps what tells two of them apart. */
function plainError(_key: string, value: unknown): unknown {
  if (value === undefined) return { undefined: true }
  if (!(value instanceof Error)) return value
  const { message, cause } = value
  return {
    ...value,
    name: value.name,
    message,
    ...(cause === undefined ? {} : { cause: `${cause}` }),
  }
}

function numbered(json: string, events: readonly ChatEvent[], body: string): string {
  const made = new Set<string>()
  for (const event of events) {
    if (event.type !== 'tool-call' && event.type !== 'tool-call-delta') continue
    if (!body.includes(JSON.stringify(event.id))) made.add(event.id)
  }
  let text = json
  for (const [index, id] of [...made].entries()) {
    text = text.replaceAll(`"id":${JSON.stringify(id)}`, `"id":"made-${index}"`)
  }
  return text
}

const finishReasons = [
  'stop',
  'length',
  'tool-calls',
  'content-filter',
  'error',
  'aborted',
  'unknown',
]

const evidence: Record<string, readonly string[]> = {
  http: ['status', 'body'],
  'content-type': ['contentType', 'body'],
  network: ['cause'],
  timeout: ['phase'],
  truncated: [],
  malformed: ['frame'],
  provider: [],
  'too-large': ['limit'],
  // A cause only where something was thrown.
  callback: [],
}

/** Fails unless a complete sequence of events keeps the promises that hold for every stream. */
export function checkPromises(events: readonly ChatEvent[]): void {
  const done = doneOf(events)
  must(events.filter(({ type }) => type === 'done').length === 1, 'done comes once')
  must(finishReasons.includes(done.finishReason), 'the finish reason is one of the vocabulary')
  must(done.timing.totalMs >= 0 && done.timing.totalMs < Infinity, 'the total time is finite')

  const errors = events.flatMap((event) => (event.type === 'error' ? [event.error] : []))
  must(errors.length <= 1, 'there is at most one error')
  must((errors.length === 1) === (done.finishReason === 'error'), 'an error is an error in done')
  must(done.error === errors[0], 'done holds the same error object')
  const [error] = errors
  if (error !== undefined) {
    must(events.at(-2)?.type === 'error', 'the error stands directly before done')
    must(isChatError(error), 'the error is a ChatError')
    const fields = evidence[error.code]
    must(fields !== undefined, `the code is documented: ${error.code}`)
    for (const field of fields ?? []) must(field in error, `a ${error.code} error has ${field}`)
  }

  checkContent(events, done)
}

/** The result is the sum of the events of the first choice. */
function checkContent(events: readonly ChatEvent[], done: ChatResult): void {
  const first = events.filter((event) => !('choice' in event))
  for (const kind of ['text', 'reasoning', 'refusal'] as const) {
    const pieces = events.flatMap((event) => (event.type === kind ? [event] : []))
    must(
      pieces.every(({ text }) => text !== ''),
      `no ${kind} event is empty`,
    )
    const sum = pieces.flatMap((event) => ('choice' in event ? [] : [event.text])).join('')
    if (done.finishReason === 'aborted') must(done[kind].startsWith(sum), `done.${kind} goes on`)
    else must(done[kind] === sum, `done.${kind} is the sum of the ${kind} events`)
  }

  const lists = [
    ['tool-call', done.toolCalls],
    ['tool-result', done.toolResults],
    ['source', done.sources],
    ['file', done.files],
  ] as const
  if (done.finishReason !== 'aborted') {
    for (const [type, list] of lists) {
      const seen = first.flatMap((event) => {
        if (event.type !== type) return []
        const { type: _, ...rest } = event
        return [rest]
      })
      must(
        JSON.stringify(seen, plainError) === JSON.stringify(list, plainError),
        `done lists every ${type} event, in order`,
      )
    }
  }
}

/**
 * Fails unless each tool call is whole once, after its pieces. This holds where the server gives
 * each call an id of its own.
 */
export function checkToolCalls(events: readonly ChatEvent[]): void {
  const open = new Map<string, string>()
  const complete = new Set<string>()
  for (const event of events) {
    if (event.type === 'tool-call-delta') {
      must(!complete.has(event.id), 'no piece of a tool call follows the whole call')
      must(event.name !== '', 'a tool call has a name')
      open.set(event.id, (open.get(event.id) ?? '') + event.delta)
    }
    if (event.type === 'tool-call') {
      const pieces = open.get(event.id)
      must(event.id !== '', 'a tool call has an id')
      must(!complete.has(event.id), 'a tool call is complete once')
      must(
        pieces === undefined || pieces === event.inputText,
        'the pieces of a tool call add up to its text',
      )
      complete.add(event.id)
    }
  }
}

function must(condition: boolean, rule: string): void {
  if (!condition) throw new Error(`broken promise: ${rule}`)
}
