import { ChatError, isChatError, streamChat } from 'chatwire'
import * as core from 'chatwire/core'
import { describe, expect, test } from 'vitest'
import { run } from '../helpers/run.ts'
import { errorOf } from '../transport/brief.ts'
import { url } from '../transport/feed.ts'

describe('a ChatError', () => {
  test('is an Error with a literal name, a code and the evidence', () => {
    const cause = new TypeError('terminated')
    const error = new ChatError('http', 'No.', { status: 503, retryable: true, cause })
    expect(error).toBeInstanceOf(Error)
    expect(error).toBeInstanceOf(ChatError)
    expect(Object.prototype.toString.call(error)).toBe('[object Error]')
    expect(error).toMatchObject({
      name: 'ChatError',
      code: 'http',
      message: 'No.',
      status: 503,
      retryable: true,
      cause,
    })
    expect(`${error}`).toBe('ChatError: No.')
    expect(error.stack).toContain('No.')
  })

  test('is not worth another try unless it says so, and has no fields but those given', () => {
    const error = new ChatError('malformed', 'What?', { frame: '{' })
    expect(error.retryable).toBe(false)
    for (const field of ['status', 'cause', 'result', 'limit', 'pending', 'raw', 'phase']) {
      expect(field in error, field).toBe(false)
    }
  })

  test('has a cause that does not show in JSON', async () => {
    const cause = Object.assign(new TypeError('failed'), { secret: 'sk-1' })
    const error = errorOf(await run(streamChat({ url, fetch: () => Promise.reject(cause) })))
    expect(error.cause).toBe(cause)
    expect(JSON.stringify(error)).not.toContain('sk-1')
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({ code: 'network', retryable: true })
  })

  test('is the same class in every entry', () => {
    expect(core.ChatError).toBe(ChatError)
    expect(core.isChatError).toBe(isChatError)
  })
})

describe('isChatError', () => {
  test('takes every ChatError', () => {
    expect(isChatError(new ChatError('network', 'lost'))).toBe(true)
    class Mine extends ChatError {}
    expect(isChatError(new Mine('network', 'lost'))).toBe(true)
  })

  test('takes one from a second copy of the package, or another realm', () => {
    class Copy extends Error {
      override readonly name = 'ChatError'
      readonly code = 'network'
      readonly retryable = true
    }
    expect(new Copy('lost')).not.toBeInstanceOf(ChatError)
    expect(isChatError(new Copy('lost'))).toBe(true)
    const shape = { name: 'ChatError', code: 'http', message: 'No.', retryable: false, status: 500 }
    expect(isChatError(shape)).toBe(true)
    expect(isChatError(JSON.parse(JSON.stringify(shape)))).toBe(true)
  })

  const others: Record<string, unknown> = {
    undefined: undefined,
    null: null,
    'a string': 'ChatError',
    'a number': 5,
    'an Error': new Error('x'),
    'an AbortError': new DOMException('x', 'AbortError'),
    'an error by that name only': Object.assign(new Error('x'), { name: 'ChatError' }),
    'one without retryable': { name: 'ChatError', code: 'http', message: 'x' },
    'one whose code is a number': { name: 'ChatError', code: 5, message: 'x', retryable: true },
    'a Node error': Object.assign(new Error('x'), { code: 'ECONNRESET' }),
    'the class': ChatError,
  }
  for (const [name, value] of Object.entries(others)) {
    test(`does not take ${name}`, () => {
      expect(isChatError(value)).toBe(false)
    })
  }
})
