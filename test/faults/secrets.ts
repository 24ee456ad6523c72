import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import type { ChatError } from 'chatwire'

/** The answer's first words in every scenario. They are in no other place. */
export const answer = 'marmalade'

const key = 'sk-live-0123456789'
const cookie = 'session-9876543210'
const prompt = 'tell me about the breakfast'
const query = 'hidden-in-the-url'

/** What every request holds that is nobody else's business. */
export const secrets = {
  query,
  headers: { authorization: `Bearer ${key}`, 'x-api-key': key, cookie },
  json: { messages: [{ role: 'user', content: prompt }] },
}

/** The server's own words, which are handed on as they are. */
const quoted = ['body', 'raw', 'frame', 'pending']

/**
 * Fails if an error shows what was sent, or the answer, in any way in which errors get logged. The
 * server's own words are taken off it first, for they may.
 */
export function checkSecrets(error: ChatError): void {
  for (const field of quoted) Reflect.deleteProperty(error, field)
  // JSON.parse quotes what it could not read, which is the frame again.
  if (error.code === 'malformed') Reflect.deleteProperty(error, 'cause')
  const shown = {
    message: error.message,
    String: `${error}`,
    stack: `${error.stack}`,
    JSON: JSON.stringify(error),
    inspect: inspect(error, { depth: 10, maxStringLength: null }),
  }
  for (const [way, text] of Object.entries(shown)) {
    for (const secret of [key, cookie, prompt, query, answer]) {
      assert.ok(!text.includes(secret), `${way} shows ${secret}: ${text}`)
    }
  }
}
