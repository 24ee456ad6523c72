import { sse } from '../../helpers/encode.ts'
import { failed, type Scenario } from '../harness.ts'
import { answer } from '../secrets.ts'
import { answers, eventStream, floods, tcp } from '../serve.ts'

const json = { 'content-type': 'application/json; charset=utf-8' }
const html = { 'content-type': 'text/html; charset=utf-8' }
const whole = [`text ${answer}`, `done stop: ${answer}`]
const stream = sse([{ text: answer }, '[DONE]'])
const cap = 64 * 1024

const hasLength = (length: number) => (value: unknown) => String(value).length === length

/** A success that is no stream. */
export const bodies: readonly Scenario[] = [
  {
    rule: 'a page is a content-type error',
    serve: answers(200, html, '<!doctype html><title>Login</title>'),
    expected: failed('content-type'),
    error: { contentType: html['content-type'], body: '<!doctype html><title>Login</title>' },
  },
  {
    rule: 'a page without end is let go of',
    serve: floods('', '<p>'.repeat(5000), 200, html),
    expected: failed('content-type'),
    error: { body: hasLength(cap) },
  },
  {
    rule: 'a page without end that says it is an event stream is let go of',
    serve: floods('', '<p>'.repeat(5000)),
    init: { maxEventSize: 100_000 },
    expected: failed('content-type', 'too-large'),
  },
  {
    rule: 'a JSON error is the provider’s',
    serve: answers(200, json, '{"error":{"message":"it is overloaded","code":"overloaded"}}'),
    expected: failed('provider'),
    error: { providerCode: 'overloaded', retryable: true, message: /it is overloaded/ },
  },
  {
    rule: 'JSON that is no answer is a content-type error',
    serve: answers(200, json, '{"status":"healthy","uptime":5}'),
    expected: failed('content-type'),
    error: { body: '{"status":"healthy","uptime":5}' },
  },
  {
    rule: 'a whole JSON answer is that answer',
    serve: answers(
      200,
      json,
      JSON.stringify({
        object: 'chat.completion',
        choices: [{ index: 0, message: { content: answer }, finish_reason: 'length' }],
      }),
    ),
    expected: [`text ${answer}`, `done length: ${answer}`],
  },
  {
    rule: 'a whole JSON answer that was cut is truncated',
    serve: answers(
      200,
      json,
      `{"object":"chat.completion","choices":[{"message":{"content":"${answer}`,
    ),
    expected: failed('truncated'),
  },
  {
    rule: 'an empty body is truncated',
    serve: answers(200, eventStream),
    expected: failed('truncated'),
    error: { pending: undefined },
  },
]

/** The type of a stream, whose essence alone counts. */
export const types: readonly Scenario[] = [
  'text/event-stream',
  'text/event-stream;',
  'Text/Event-Stream;charset=ISO-8859-1',
  'text/event-stream;charset=x',
  'text/event-stream, text/event-stream',
  ' text/event-stream ; a="b;c"',
  'text/plain',
  'application/octet-stream',
  'application/json',
  'nonsense',
].map((type) => ({
  rule: `may be '${type}'`,
  serve: answers(200, { 'content-type': type }, stream),
  expected: whole,
}))

/** Types that must be told by what comes. */
export const otherTypes: readonly Scenario[] = [
  { rule: 'may be missing', serve: answers(200, {}, stream), expected: whole },
  {
    rule: 'may come twice',
    serve: tcp((socket) =>
      socket.end(
        `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n${stream}`,
      ),
    ),
    expected: whole,
  },
]
