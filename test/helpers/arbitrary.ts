import fc from 'fast-check'
import { sse } from './encode.ts'

/**
 * Names that mean something in one of the wire formats, or to JavaScript, so that random objects
 * come near to real ones.
 */
const names = [
  ...['id', 'type', 'object', 'model', 'choices', 'index', 'delta', 'message', 'content', 'text'],
  ...['finish_reason', 'stop_reason', 'usage', 'prompt_tokens', 'output_tokens', 'error', 'code'],
  ...['tool_calls', 'function', 'function_call', 'custom', 'name', 'arguments', 'input', 'refusal'],
  ...['reasoning', 'reasoning_content', 'reasoning_details', 'annotations', 'citations', 'images'],
  ...['content_block', 'partial_json', 'thinking', 'tool_use_id', 'citation', 'url', 'title'],
  ...['done', 'token', 'event', 'answer', 'results', 'generated_text', 'search_results', 'audio'],
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'],
]

const words = [
  ...['message_start', 'content_block_start', 'content_block_delta', 'content_block_stop'],
  ...['message_delta', 'message_stop', 'ping', 'error', 'text', 'text_delta', 'tool_use'],
  ...['input_json_delta', 'thinking', 'server_tool_use', 'web_search_tool_result', 'done', 'token'],
  ...['chat.completion.chunk', 'chat.completion', 'message', 'completion', 'stop', 'tool_calls'],
  ...[
    'url_citation',
    'function',
    'call_1',
    'msg_1',
    '',
    'Hello',
    '{"x":1}',
    '{',
    'https://a.example/',
  ],
  ...['__proto__', 'constructor', '\ud83d', '👩‍👩‍👧'],
]

/**
 * The text of a random JSON value. It is built as text, so that a `__proto__` key is a key like
 * every other.
 */
const jsonText: fc.Arbitrary<string> = fc.letrec<{ value: string; object: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 6, arbitrary: fc.constantFrom(...words).map((word) => JSON.stringify(word)) },
    { weight: 3, arbitrary: fc.constantFrom('null', 'true', 'false', '0', '1', '-1.5', '1e999') },
    { weight: 8, arbitrary: tie('object') },
    {
      weight: 4,
      arbitrary: fc.array(tie('value'), { maxLength: 3 }).map((items) => `[${items.join(',')}]`),
    },
  ),
  object: fc
    .array(fc.tuple(fc.constantFrom(...names), tie('value')), { maxLength: 5 })
    .map(
      (pairs) => `{${pairs.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`,
    ),
})).object

const eventName = fc.option(fc.constantFrom('message', 'error', 'done', 'ping', ...words), {
  nil: undefined,
  freq: 2,
})

/** A body of frames with random payloads, under random event names, in SSE or as lines. */
export const frames: fc.Arbitrary<string> = fc
  .tuple(
    fc.array(
      fc.tuple(
        fc.oneof({ weight: 8, arbitrary: jsonText }, fc.constantFrom('[DONE]', '', 'raw', '{"')),
        eventName,
      ),
      { maxLength: 6 },
    ),
    fc.boolean(),
  )
  .map(([payloads, lines]) =>
    payloads
      .map(([payload, event]) =>
        lines ? `${payload}\n` : sse([payload], event === undefined ? {} : { event }),
      )
      .join(''),
  )
