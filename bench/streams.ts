/**
 * What the benchmark reads: three answers of 10,000 events as servers really write them, and one
 * very large event. Everything comes from one seed, so every run and every reader gets the same
 * bytes, and the text that has to come out is known exactly.
 */

export interface Answer {
  /** The events as they stand on the wire, in order; together they are the whole body. */
  frames: string[]
  /** The text in it, which a reader of the chat must return. */
  text: string
  /** The data of all events, which a reader of the events must return. */
  data: string
}

const EVENTS = 10_000

/** xorshift32: a small generator whose numbers depend on nothing but the seed. */
function seeded(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

// Tokens as models cut them: mostly short words with their space in front, some pieces of words,
// and now and then what JSON must escape or UTF-8 writes in more than one byte.
const COMMON =
  ' the| of| and| to| in| a| is| that| for| with| as| on| are| it| this| by| be| from| or| an| which| you|' +
  ' can| when| each| value| stream| server| answer| between| because| reading| example| function|' +
  ' connection| therefore|ing|ed|ly|tion|able|ment|s|er|,|,|.|.|:| (|)|-'
const RARE =
  '\n\n|\n|```\n|  const x = "y"\n| \\n|**| – |“|” | café| naïve| größer| 東京| 🙂| 👩‍👩‍👧'
const common = COMMON.split('|')
const rare = RARE.split('|')

/** `count` deltas of text. */
function deltas(seed: number, count: number): string[] {
  const random = seeded(seed)
  return Array.from({ length: count }, () => {
    const words = random(20) === 0 ? rare : common
    return words[random(words.length)] ?? ''
  })
}

function hex(random: (below: number) => number, length: number): string {
  return Array.from({ length }, () => random(16).toString(16)).join('')
}

function answer(frames: string[], text: string): Answer {
  const data = frames.map((frame) => frame.slice(frame.indexOf('data: ') + 6, -'\n\n'.length))
  return { frames, text, data: data.join('') }
}

/** Chat Completions as OpenAI sends them: all the fields, `usage: null`, random padding. */
export function openaiAnswer(): Answer {
  const random = seeded(11)
  const texts = deltas(1, EVENTS - 4)
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
    return `data: ${JSON.stringify(body)}\n\n`
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
    'data: [DONE]\n\n',
  ]
  return answer(frames, texts.join(''))
}

/** Anthropic Messages: named events, and blanks before the last brace as that server pads them. */
export function anthropicAnswer(): Answer {
  const random = seeded(12)
  const texts = deltas(2, EVENTS - 6)
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
export function plainAnswer(): Answer {
  const texts = deltas(3, EVENTS - 1)
  const frames = texts.map((text) => `data: ${JSON.stringify({ text })}\n\n`)
  return answer([...frames, 'data: [DONE]\n\n'], texts.join(''))
}

/** One event of 1 MB in the plain format, without an end marker: it really is a single event. */
export function bigEvent(): Answer {
  const text = deltas(4, 235_000).join('')
  return answer([`data: ${JSON.stringify({ text })}\n\n`], text)
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
