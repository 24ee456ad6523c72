/**
 * What the benchmark reads: answers as servers really write them, and one very large event. Every
 * run and every reader gets the same bytes, and the text that has to come out is known exactly.
 */
import { deltas, hex, seeded } from './texts.ts'

export interface Answer {
  /** The events as they stand on the wire, in order; together they are the whole body. */
  frames: string[]
  /** The text in it, which a reader of the chat must return. */
  text: string
  /** The data of all events, which a reader of the events must return. */
  data: string
}

/** Writes an answer of that many events. */
export type WriteAnswer = (events: number) => Answer

const DONE = 'data: [DONE]\n\n'

const dataEvent = (payload: unknown): string => `data: ${JSON.stringify(payload)}\n\n`

function answer(frames: string[], text: string): Answer {
  const data = frames.map((frame) => frame.slice(frame.indexOf('data: ') + 6, -'\n\n'.length))
  return { frames, text, data: data.join('') }
}

/** Chat Completions as OpenAI sends them: all the fields, `usage: null`, random padding. */
export const openaiAnswer: WriteAnswer = (events) => {
  const random = seeded(11)
  const texts = deltas(1, events - 4)
  const chunk = (choices: unknown[], usage: unknown): string => {
    const body = {
      id: 'chatcmpl-CeKp0uQzDq3vXo8WmJ2sT5yRb',
      object: 'chat.completion.chunk',
      created: 1763719200,
      model: 'gpt-4.1-mini-2025-04-14',
      system_fingerprint: 'fp_4c2851f862',
      choices,
      usage,
      obfuscation: hex(random, 1 + random(8)),
    }
    return dataEvent(body)
  }
  const choice = (delta: object, finish: string | null = null): unknown[] => [
    { index: 0, delta, logprobs: null, finish_reason: finish },
  ]
  const usage = {
    prompt_tokens: 31,
    completion_tokens: texts.length,
    total_tokens: 31 + texts.length,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
  }
  const frames = [
    chunk(choice({ role: 'assistant', content: '', refusal: null }), null),
    ...texts.map((content) => chunk(choice({ content }), null)),
    chunk(choice({}, 'stop'), null),
    chunk([], usage),
    DONE,
  ]
  return answer(frames, texts.join(''))
}

/** Anthropic Messages: named events, and blanks before the last brace as that server pads them. */
export const anthropicAnswer: WriteAnswer = (events) => {
  const random = seeded(12)
  const texts = deltas(2, events - 6)
  const event = (type: string, fields: object): string => {
    const json = JSON.stringify({ type, ...fields })
    const padded = `${json.slice(0, -1)}${' '.repeat(random(16))}}`
    return `event: ${type}\ndata: ${padded}\n\n`
  }
  const message = {
    id: 'msg_01XkQ9vTz4mYb7RfLsN2dHcA',
    type: 'message',
    role: 'assistant',
    model: 'claude-sonnet-4-5-20250929',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 31, cache_read_input_tokens: 0, output_tokens: 1 },
  }
  const frames = [
    event('message_start', { message }),
    event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
    event('ping', {}),
    ...texts.map((text) => {
      return event('content_block_delta', { index: 0, delta: { type: 'text_delta', text } })
    }),
    event('content_block_stop', { index: 0 }),
    event('message_delta', {
      delta: { stop_reason: 'end_turn', stop_sequence: null },
      usage: { output_tokens: texts.length },
    }),
    event('message_stop', {}),
  ]
  return answer(frames, texts.join(''))
}

/** The shape of tutorials. The events are so small that what a library adds to each one shows. */
export const plainAnswer: WriteAnswer = (events) => {
  const texts = deltas(3, events - 1)
  const frames = texts.map((text) => dataEvent({ text }))
  return answer([...frames, DONE], texts.join(''))
}

/** The UI message stream of the AI SDK. */
export const aiSdkAnswer: WriteAnswer = (events) => {
  const texts = deltas(5, events - 7)
  const frames = [
    { type: 'start', messageId: 'msg-Xk2vQ9TzYb7RfLsN' },
    { type: 'start-step' },
    { type: 'text-start', id: 'txt-0' },
    ...texts.map((delta) => ({ type: 'text-delta', id: 'txt-0', delta })),
    { type: 'text-end', id: 'txt-0' },
    { type: 'finish-step' },
    { type: 'finish', finishReason: 'stop' },
  ].map(dataEvent)
  return answer([...frames, DONE], texts.join(''))
}

/** AG-UI as TanStack AI's server writes it: the time and a model in each event. */
export const aguiAnswer: WriteAnswer = (events) => {
  const texts = deltas(6, events - 4)
  const run = { threadId: 'thread-7', runId: 'run-1763719200' }
  const messageId = 'msg-1763719200-k2vq9tz'
  const frames = [
    { type: 'RUN_STARTED', ...run },
    { type: 'TEXT_MESSAGE_START', messageId, role: 'assistant' },
    ...texts.map((delta) => ({ type: 'TEXT_MESSAGE_CONTENT', messageId, delta })),
    { type: 'TEXT_MESSAGE_END', messageId },
    { type: 'RUN_FINISHED', ...run },
  ].map((event, index) => {
    const timestamp = 1_763_719_200_000 + 11 * index
    return dataEvent({ ...event, model: 'gpt-4.1-mini', timestamp })
  })
  return answer(frames, texts.join(''))
}

/** One event of 1 MB in the plain format, without an end marker: it really is a single event. */
export function bigEvent(): Answer {
  const text = deltas(4, 235_000).join('')
  return answer([dataEvent({ text })], text)
}

/** One event a chunk: a server that flushes after each event, and a network that keeps up. */
export function chunkPerEvent(answer: Answer): Uint8Array[] {
  const encoder = new TextEncoder()
  return answer.frames.map((frame) => encoder.encode(frame))
}

/** Chunks of `size` bytes that care for no boundary, neither of events nor of characters. */
export function chunksOf(size: number, answer: Answer): Uint8Array[] {
  const bytes = new TextEncoder().encode(answer.frames.join(''))
  const chunks: Uint8Array[] = []
  // slice, not subarray: each chunk has memory of its own, as when it comes from a socket.
  for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.slice(at, at + size))
  return chunks
}
