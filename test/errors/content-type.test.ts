import { readChat, streamChat } from 'chatwire'
import { openaiChat } from 'chatwire/formats'
import { describe, expect, test } from 'vitest'
import { checkPromises, run } from '../helpers/run.ts'
import { brief, errorOf } from '../transport/brief.ts'
import { feed, url } from '../transport/feed.ts'

const page = '<!doctype html>\n<html><title>Log in</title></html>'

const respond = (body: BodyInit | null, contentType: string | undefined) =>
  new Response(body, { headers: contentType === undefined ? {} : { 'content-type': contentType } })

describe('an HTML page with status 200 is a content-type error', () => {
  for (const contentType of ['text/html', 'TEXT/HTML; charset=utf-8', 'application/xhtml+xml']) {
    test(`by its header: ${contentType}`, async () => {
      const events = await run(readChat(respond(page, contentType)))
      expect(brief(events)).toEqual(['error content-type', 'done error: '])
      expect(errorOf(events)).toMatchObject({ contentType, body: page, retryable: false })
      expect(errorOf(events).message).toContain('text/html'.includes(contentType) ? 'html' : 'body')
      checkPromises(events)
    })
  }

  for (const contentType of ['application/json', undefined]) {
    test(`by its first characters, with the header ${contentType}`, async () => {
      const response = respond(new TextEncoder().encode(page), contentType)
      const events = await run(readChat(response, { format: openaiChat }))
      expect(brief(events)).toEqual(['error content-type', 'done error: '])
      expect(errorOf(events).body).toContain('<!doctype html>')
      expect(errorOf(events).contentType).toBe(contentType ?? '')
    })
  }

  test('of which 64 KiB are kept, and the rest is not read', async () => {
    const { fetch, send, cancels } = feed({ headers: { 'content-type': 'text/html' } })
    for (let count = 0; count < 100; count += 1) send('x'.repeat(1024))
    const events = await run(streamChat({ url, fetch }))
    expect(errorOf(events).body).toHaveLength(64 * 1024)
    expect(cancels).toHaveLength(1)
  })
})

describe('a JSON body', () => {
  test('that is an error is the provider’s', async () => {
    const body = '{"error":{"message":"The model is overloaded","code":"overloaded"}}'
    const events = await run(readChat(respond(body, 'application/json')))
    expect(brief(events)).toEqual(['error provider', 'done error: '])
    expect(errorOf(events)).toMatchObject({
      providerCode: 'overloaded',
      raw: { error: { message: 'The model is overloaded' } },
    })
    expect(errorOf(events).message).toContain('The model is overloaded')
  })

  test('that is a whole answer is read as that answer', async () => {
    const answer = {
      id: 'chatcmpl-1',
      object: 'chat.completion',
      model: 'test-model',
      choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
    }
    const events = await run(readChat(respond(JSON.stringify(answer), 'application/json')))
    expect(brief(events)).toEqual(['text Hi', 'done stop: Hi'])
    expect(events.at(-1)).toMatchObject({ model: 'test-model', usage: { outputTokens: 2 } })
  })

  test('that is a whole plain answer ends with stop', async () => {
    const events = await run(readChat(respond('{"text":"Hi"}', 'application/json')))
    expect(brief(events)).toEqual(['text Hi', 'done stop: Hi'])
  })

  test('that is no answer is a content-type error with the body', async () => {
    const body = '{"users":[{"name":"Ann"}],"page":1}'
    const events = await run(readChat(respond(body, 'application/json')))
    expect(brief(events)).toEqual(['error content-type', 'done error: '])
    expect(errorOf(events)).toMatchObject({ contentType: 'application/json', body })
  })

  test('that was cut off is truncated', async () => {
    const body = '{"id":"chatcmpl-1","object":"chat.completion","choices":[{"message":{"cont'
    const events = await run(readChat(respond(body, 'application/json')))
    expect(brief(events)).toEqual(['error truncated', 'done error: '])
    expect(errorOf(events).pending).toBe(body)
  })
})

test('a binary stream of events is a content-type error that names the way out', async () => {
  const response = respond(new Uint8Array([0, 0, 0, 1]), 'application/vnd.amazon.eventstream')
  const events = await run(readChat(response))
  expect(brief(events)).toEqual(['error content-type', 'done error: '])
  expect(errorOf(events).message).toContain('Bedrock')
})
