import { inspect } from 'node:util'
import { streamChat, streamEvents } from 'chatwire'
import { describe, expect, test } from 'vitest'

const key = 'sk-live-0123456789'
const query = 'hidden-in-the-url'

const wrong: Record<string, { url: string; headers?: Record<string, string> }> = {
  'a header value with a line end': {
    url: 'https://chat.test/',
    headers: { authorization: `Bearer ${key}\nx` },
  },
  'a header value that is not Latin-1': {
    url: 'https://chat.test/',
    headers: { authorization: `Bearer ${key}…` },
  },
  'a header name that is none': { url: 'https://chat.test/', headers: { [`Bearer ${key}`]: '' } },
  'a url with a user name': { url: `https://user@chat.test/?token=${query}` },
  'a url with a password': { url: `https://user:${key}@chat.test/?token=${query}` },
  'a url that is none': { url: `http://chat.test:99999/?token=${query}` },
}

describe('a wrong argument is a TypeError at the call that shows no secret', () => {
  for (const [name, init] of Object.entries(wrong)) {
    const calls = { streamChat: () => streamChat(init), streamEvents: () => streamEvents(init) }
    for (const [of, call] of Object.entries(calls)) {
      test(`${name}, of ${of}`, () => {
        const error = errorOf(call)
        expect(error).toBeInstanceOf(TypeError)
        expect(inspect(error)).not.toContain(key)
        expect(inspect(error)).not.toContain(query)
      })
    }
  }

  test('but not an @ that is in no user name', () => {
    expect(() => streamChat({ url: 'https://chat.test/@user?to=a@b.test#c@d' })).not.toThrow()
  })
})

function errorOf(call: () => unknown): unknown {
  try {
    return call()
  } catch (error) {
    return error
  }
}
