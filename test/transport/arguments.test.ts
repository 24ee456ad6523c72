import * as chatwire from 'chatwire'
import * as core from 'chatwire/core'
import { auto, select } from 'chatwire/formats'
import { describe, expect, test } from 'vitest'
import { iterableOf } from '../helpers/stream.ts'
import { feed, url } from './feed.ts'

/** The functions without their types, as JavaScript calls them. */
type Loose = (...args: unknown[]) => unknown
const { streamChat, readChat, streamEvents, readEvents, createTextBuffer, bufferText, textOf } =
  chatwire as unknown as Record<string, Loose> & Record<'streamChat', Loose>
const { fetch } = feed()
const source = () => iterableOf<Uint8Array>([])

const cyclic: Record<string, unknown> = {}
cyclic['self'] = cyclic

/** Options that no function takes that reads a body. */
const wrongOptions: Record<string, unknown> = {
  'timeout.idle below 0': { timeout: { idle: -1 } },
  'timeout.idle NaN': { timeout: { idle: Number.NaN } },
  'timeout.idle as text': { timeout: { idle: '1000' } },
  'timeout.idle null': { timeout: { idle: null } },
  'timeout as a number': { timeout: 1000 },
  'timeout null': { timeout: null },
  'maxEventSize below 0': { maxEventSize: -1 },
  'maxEventSize NaN': { maxEventSize: Number.NaN },
  'maxEventSize as text': { maxEventSize: '1' },
  'readAheadBytes below 0': { readAheadBytes: -1 },
  'readAheadBytes NaN': { readAheadBytes: Number.NaN },
  'readAheadBytes as text': { readAheadBytes: '1' },
  'a signal that is none': { signal: {} },
  'a controller as signal': { signal: new AbortController() },
  'a signal as text': { signal: 'abort' },
}

/** Options of the chat layer. */
const wrongChatOptions: Record<string, unknown> = {
  'timeout.content below 0': { timeout: { content: -1 } },
  'a buffer of no kind': { buffer: 'sentence' },
  'a buffer of 0': { buffer: 0 },
  'a buffer below 0': { buffer: -3 },
  'a buffer of NaN': { buffer: Number.NaN },
  'a buffer of Infinity': { buffer: Number.POSITIVE_INFINITY },
  'buffer null': { buffer: null },
  'buffer true': { buffer: true },
  'a buffer with a wrong unit': { buffer: { unit: 'sentence' } },
  'a buffer with maxHoldMs below 0': { buffer: { maxHoldMs: -1 } },
  'a buffer with maxHoldLength 0': { buffer: { maxHoldLength: 0 } },
  'a buffer with maxHoldLength NaN': { buffer: { maxHoldLength: Number.NaN } },
  'a buffer with a locale that is none': { buffer: { locale: 'not a locale!' } },
  'a format that is none': { format: {} },
  'a format by name': { format: 'openaiChat' },
  'format null': { format: null },
  'onFrame that is no function': { onFrame: 'log' },
}

/** Options of a request. */
const wrongRequestOptions: Record<string, unknown> = {
  'timeout.response below 0': { timeout: { response: -1 } },
  'fetch that is no function': { fetch: 'fetch' },
  'fetch null': { fetch: null },
  'onResponse that is no function': { onResponse: {} },
  'json that is a function': { json: () => 1 },
  'json that is a symbol': { json: Symbol('x') },
  'json with a cycle': { json: cyclic },
  'json with a BigInt': { json: { n: 1n } },
  'json and body': { json: {}, body: 'x' },
  'json with GET': { json: {}, method: 'GET' },
  'a body without a method': { body: 'x' },
  'a body with HEAD': { body: 'x', method: 'head' },
  'a method that is none': { method: 'B D' },
  'an empty method': { method: '' },
  'a redirect that is none': { redirect: 'sometimes' },
  'a header name that is none': { headers: { 'a b': '1' } },
  'a header value with a line break': { headers: { a: '1\n2' } },
}

const wrongTargets: Record<string, unknown[]> = {
  'no arguments': [],
  undefined: [undefined],
  null: [null],
  'a number': [5],
  'an init without url': [{ fetch }],
  'an init with a number as url': [{ url: 5, fetch }],
  'an init with null as url': [{ url: null, fetch }],
  'an object as url': [{ url: { href: url }, fetch }],
}

const wrongSources: Record<string, unknown[]> = {
  'no arguments': [],
  null: [null],
  'a string': ['data: x\n\n'],
  'a number': [5],
  'an empty object': [{}],
  bytes: [new Uint8Array(3)],
  'an array': [['data: x\n\n']],
  'a promise of a response': [Promise.resolve(new Response('x'))],
}

/** A `TypeError` at the call; not a promise of one. */
function expectTypeError(call: () => unknown): void {
  let error: unknown
  try {
    call()
  } catch (thrown) {
    error = thrown
  }
  expect(error).toBeInstanceOf(TypeError)
}

function table(rows: Record<string, unknown>, call: (row: unknown) => unknown): void {
  for (const [name, row] of Object.entries(rows)) {
    test(name, () => expectTypeError(() => call(row)))
  }
}

const chat = { ...wrongOptions, ...wrongChatOptions }
const request = (row: unknown) => ({ url, fetch, ...(row as object) })

describe('wrong arguments of streamChat are a TypeError at the call', () => {
  table({ ...chat, ...wrongRequestOptions }, (row) => streamChat(request(row)))
  table(wrongTargets, (row) => streamChat(...(row as unknown[])))
  test('a relative url without a page or a fetch to resolve it', () => {
    expectTypeError(() => streamChat({ url: 'http://' }))
  })
})

describe('wrong arguments of streamChat with two arguments are a TypeError at the call', () => {
  table({ ...chat, ...wrongRequestOptions }, (row) =>
    streamChat(url, { fetch, ...(row as object) }),
  )
})

describe('wrong arguments of readChat are a TypeError at the call', () => {
  table(chat, (row) => readChat?.(source(), row))
  table(wrongSources, (row) => readChat?.(...(row as unknown[])))
})

describe('wrong arguments of streamEvents are a TypeError at the call', () => {
  table({ ...wrongOptions, ...wrongRequestOptions }, (row) => streamEvents?.(request(row)))
  table(wrongTargets, (row) => streamEvents?.(...(row as unknown[])))
  table({ onComment: { onComment: 1 }, onReconnectionTime: { onReconnectionTime: 1 } }, (row) =>
    streamEvents?.(request(row)),
  )
})

describe('wrong arguments of readEvents are a TypeError at the call', () => {
  table(wrongOptions, (row) => readEvents?.(source(), row))
  table(wrongSources, (row) => readEvents?.(...(row as unknown[])))
})

describe('wrong arguments of the buffers are a TypeError at the call', () => {
  const specs = Object.fromEntries(
    Object.entries(wrongChatOptions).flatMap(([name, row]) =>
      'buffer' in (row as object) ? [[name, (row as { buffer: unknown }).buffer]] : [],
    ),
  )
  describe('createTextBuffer', () => {
    table(specs, (spec) => createTextBuffer?.(spec))
  })
  describe('bufferText', () => {
    table(specs, (spec) => bufferText?.(source(), spec))
  })
})

describe('what is no async iterable of events is a TypeError at the call', () => {
  for (const events of [undefined, null, 5, {}, [], 'text']) {
    test(`for textOf and bufferText: ${JSON.stringify(events)}`, () => {
      expectTypeError(() => textOf?.(events))
      expectTypeError(() => bufferText?.(events, 'word'))
    })
  }
})

describe('the core entry', () => {
  const loose = core as unknown as Record<'streamChat' | 'readChat', Loose>
  test('requires a format', () => {
    expectTypeError(() => loose.streamChat({ url, fetch }))
    expectTypeError(() => loose.streamChat(url, { fetch }))
    expectTypeError(() => loose.readChat(source()))
    expectTypeError(() => loose.readChat(source(), {}))
  })

  test('takes one', () => {
    expect(loose.streamChat({ url, fetch, format: auto })).toBeDefined()
    expect(loose.readChat(source(), { format: auto })).toBeDefined()
  })
})

test('select takes a function', () => {
  expectTypeError(() => (select as unknown as Loose)('text'))
  expectTypeError(() => (select as unknown as Loose)())
})

test('options that are undefined or null where fetch takes null are as if not given', () => {
  const absent = {
    signal: null,
    timeout: undefined,
    buffer: undefined,
    format: undefined,
    maxEventSize: undefined,
    readAheadBytes: undefined,
    requireEnd: undefined,
    onFrame: undefined,
  }
  const absentOfRequest = {
    json: undefined,
    body: null,
    fetch: undefined,
    onResponse: undefined,
    headers: undefined,
    method: undefined,
  }
  expect(streamChat({ url, ...absent, ...absentOfRequest })).toBeDefined()
  expect(readChat?.(source(), absent)).toBeDefined()
  expect(readChat?.(source(), undefined)).toBeDefined()
  expect(readEvents?.(source(), { ...absent, signal: undefined })).toBeDefined()
  expect(streamEvents?.({ url, ...absentOfRequest, signal: null })).toBeDefined()
})
