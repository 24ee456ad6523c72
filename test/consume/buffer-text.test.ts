import type { BufferSpec, ChatEvent } from 'chatwire'
import { bufferText, ChatError, streamChat } from 'chatwire'
import { describe, expect, test } from 'vitest'
import { type FakeClock, fakeClock } from '../helpers/clock.ts'
import { checkPromises, run } from '../helpers/run.ts'
import { iterableOf } from '../helpers/stream.ts'
import { brief, follow } from '../transport/brief.ts'
import { feed, url } from '../transport/feed.ts'

const text = (text: string): ChatEvent => ({ type: 'text', text })

/** Buffers events that are all there at once. */
async function buffered(events: ChatEvent[], spec: BufferSpec): Promise<string[]> {
  return brief(await run(bufferText(iterableOf(events), spec)))
}

describe('bufferText', () => {
  test('holds text until a word is complete', async () => {
    expect(await buffered([text('Hel'), text('lo wor'), text('ld')], 'word')).toEqual([
      'text Hello ',
      'text world',
    ])
  })

  test('holds text until a line is complete', async () => {
    const events = [text('one\ntw'), text('o'), text('\nthr'), text('ee')]
    expect(await buffered(events, 'line')).toEqual(['text one\n', 'text two\n', 'text three'])
  })

  test('holds text until there are N characters', async () => {
    const events = ['a', 'b', 'c', 'd', 'e'].map(text)
    expect(await buffered(events, 2)).toEqual(['text ab', 'text cd', 'text e'])
  })

  test('holds reasoning and refusals like text, each for itself', async () => {
    const events: ChatEvent[] = [
      { type: 'reasoning', text: 'let me th' },
      { type: 'reasoning', text: 'ink' },
      text('Hel'),
      text('lo'),
      { type: 'refusal', text: 'I ca' },
      { type: 'refusal', text: 'n not' },
    ]
    expect(await buffered(events, 'word')).toEqual([
      'reasoning let me ',
      'reasoning think',
      'text Hello',
      'refusal I ',
      'refusal can ',
      'refusal not',
    ])
  })

  test('joins no text of parallel answers', async () => {
    const events: ChatEvent[] = [
      text('Hel'),
      { type: 'text', text: 'Sa', choice: 1 },
      { type: 'text', text: 'lut', choice: 1 },
      text('lo'),
    ]
    expect(await run(bufferText(iterableOf(events), 'word'))).toEqual([
      text('Hel'),
      { type: 'text', text: 'Salut', choice: 1 },
      text('lo'),
    ])
  })

  const others: ChatEvent[] = [
    { type: 'tool-call-delta', id: 'c', name: 'f', delta: '' },
    { type: 'tool-call', id: 'c', name: 'f', input: {}, inputText: '{}' },
    { type: 'tool-result', id: 'c', output: 1, isError: false },
    { type: 'source', raw: 1 },
    { type: 'file', mediaType: 'image/png', url: 'https://a.test/1.png' },
    { type: 'data', name: 'custom', data: 1 },
    { type: 'error', error: new ChatError('network', 'lost') },
  ]
  for (const event of others) {
    test(`lets go of what it holds before a ${event.type} event, and hands that on as it is`, async () => {
      const seen = await run(bufferText(iterableOf([text('Hel'), event]), 'line'))
      expect(seen).toEqual([text('Hel'), event])
      expect(seen[1]).toBe(event)
    })
  }

  test('lets go of what it holds before done', async () => {
    const { fetch, send } = feed()
    send([{ text: 'Hello wor' }, { text: 'ld' }], ['[DONE]'])
    const events = await run(bufferText(streamChat({ url, fetch }), 'line'))
    expect(brief(events)).toEqual(['text Hello world', 'done stop: Hello world'])
    checkPromises(events)
  })

  test('lets go of what it holds before the source throws', async () => {
    const failure = new Error('broken')
    const source = iterableOf([text('Hel')], { error: failure })
    const events: ChatEvent[] = []
    const loop = async () => {
      for await (const event of bufferText(source, 'line')) events.push(event)
    }
    await expect(loop()).rejects.toBe(failure)
    expect(events).toEqual([text('Hel')])
  })

  test('lets go of half a character at the end, even if the other half never came', async () => {
    expect(await buffered([text('a\uD83D')], 5)).toEqual(['text a\uD83D'])
  })

  test('makes no event of text that is empty', async () => {
    expect(await buffered([text(''), text('a'), text('')], 1)).toEqual(['text a'])
    expect(await buffered([text('')], 'word')).toEqual([])
    expect(await buffered([], 'word')).toEqual([])
  })

  test('does not change the events it is given', async () => {
    const events = [text('Hel'), text('lo wor'), text('ld')]
    const before = structuredClone(events)
    await buffered(events, 'word')
    expect(events).toEqual(before)
    expect(await buffered(Object.freeze(events.map(Object.freeze)) as ChatEvent[], 'word')).toEqual(
      ['text Hello ', 'text world'],
    )
  })
})

/** A source of events that the test hands over as it goes. */
function handOver() {
  const waiting: ((result: IteratorResult<ChatEvent>) => void)[] = []
  return {
    async give(clock: FakeClock, event: ChatEvent) {
      await clock.pass(0)
      waiting.shift()?.({ done: false, value: event })
      await clock.pass(0)
    },
    events: {
      [Symbol.asyncIterator]: () => ({
        next: () =>
          new Promise<IteratorResult<ChatEvent>>((resolve) => {
            waiting.push(resolve)
          }),
      }),
    },
  }
}

describe('maxHoldMs', () => {
  test('is how long text may wait for more: 250 ms unless given', async () => {
    const clock = fakeClock()
    const { events: source, give } = handOver()
    const { events } = follow(bufferText(source, 'word'))
    await give(clock, text('Hel'))
    await clock.pass(240)
    expect(events).toEqual([])
    await clock.pass(40)
    expect(events).toEqual([text('Hel')])
    await give(clock, text('lo'))
    await clock.pass(280)
    expect(events).toEqual([text('Hel'), text('lo')])
  })

  test('may be given', async () => {
    const clock = fakeClock()
    const { events: source, give } = handOver()
    const { events } = follow(bufferText(source, { maxHoldMs: 1000 }))
    await give(clock, text('Hel'))
    await clock.pass(990)
    expect(events).toEqual([])
    await clock.pass(120)
    expect(events).toEqual([text('Hel')])
  })

  test('counts anew with each text', async () => {
    const clock = fakeClock()
    const { events: source, give } = handOver()
    const { events } = follow(bufferText(source, { maxHoldMs: 1000 }))
    for (const piece of ['a', 'b', 'c']) {
      await give(clock, text(piece))
      await clock.pass(900)
    }
    expect(events).toEqual([])
    await clock.pass(300)
    expect(events).toEqual([text('abc')])
  })

  test('of 0 hands everything on at once, but for half a character', async () => {
    const clock = fakeClock()
    const { events: source, give } = handOver()
    const { events } = follow(bufferText(source, { maxHoldMs: 0 }))
    await give(clock, text('Hel'))
    await clock.pass(2)
    expect(events).toEqual([text('Hel')])
    await give(clock, text('\uD83D'))
    await clock.pass(100)
    expect(events).toEqual([text('Hel')])
    await give(clock, text('\uDE00'))
    await clock.pass(2)
    expect(events).toEqual([text('Hel'), text('😀')])
  })

  test('of Infinity holds until the next event', async () => {
    const clock = fakeClock()
    const { events: source, give } = handOver()
    const spec = { maxHoldMs: Number.POSITIVE_INFINITY }
    const { events } = follow(bufferText(source, spec))
    await give(clock, text('Hel'))
    await clock.pass(86_400_000)
    expect(events).toEqual([])
    expect(clock.timers()).toBe(0)
    await give(clock, { type: 'data', name: 'x', data: 1 })
    expect(events).toEqual([text('Hel'), { type: 'data', name: 'x', data: 1 }])
  })

  test('tears no emoji that goes on with a joiner', async () => {
    const clock = fakeClock()
    const { events: source, give } = handOver()
    const { events } = follow(bufferText(source, 1))
    await give(clock, text('a👩\u200D'))
    await clock.pass(1000)
    expect(events).toEqual([text('a')])
    await give(clock, text('👧b'))
    await clock.pass(1000)
    expect(events).toEqual([text('a'), text('👩\u200D👧'), text('b')])
  })

  test('leaves no timer when nothing is held any more', async () => {
    const clock = fakeClock()
    const { events: source, give } = handOver()
    const { events } = follow(bufferText(source, 'line'))
    await give(clock, text('Hel'))
    expect(clock.timers()).toBe(1)
    await give(clock, { type: 'data', name: 'x', data: 1 })
    expect(events).toEqual([text('Hel'), { type: 'data', name: 'x', data: 1 }])
    expect(clock.timers()).toBe(0)
  })

  test('leaves no timer after the end', async () => {
    const clock = fakeClock()
    const { events: source, give } = handOver()
    const stream = bufferText(source, 'word')
    const { events } = follow(stream)
    await give(clock, text('Hel'))
    expect(clock.timers()).toBe(1)
    await stream.return()
    expect(clock.timers()).toBe(0)
    await clock.pass(1000)
    expect(events).toEqual([])
  })
})

describe('the buffer option of a stream', () => {
  test('lets go of what it holds after maxHoldMs', async () => {
    const clock = fakeClock()
    const { fetch, send } = feed()
    const { events } = follow(streamChat({ url, fetch, buffer: 'word' }))
    await clock.pass(0)
    send([{ text: 'Hello wor' }])
    await clock.pass(240)
    expect(brief(events)).toEqual(['text Hello '])
    await clock.pass(40)
    expect(brief(events)).toEqual(['text Hello ', 'text wor'])
    send([{ text: 'ld' }, '[DONE]'])
    await clock.pass(0)
    expect(brief(events)).toEqual(['text Hello ', 'text wor', 'text ld', 'done stop: Hello world'])
    expect(clock.timers()).toBe(0)
    checkPromises(events)
  })

  test('does not take keepalives for more text', async () => {
    const clock = fakeClock()
    const { fetch, send } = feed()
    const { events } = follow(streamChat({ url, fetch, buffer: 'word' }))
    await clock.pass(0)
    send([{ text: 'Hel' }])
    for (let count = 0; count < 10; count += 1) {
      await clock.pass(100)
      send(': keepalive\n\n')
    }
    await clock.pass(0)
    expect(brief(events)).toEqual(['text Hel'])
  })

  test('lets go of what it holds before the error of a lost connection', async () => {
    const clock = fakeClock()
    const { fetch, send, fail } = feed()
    const { events } = follow(streamChat({ url, fetch, buffer: 'line' }))
    await clock.pass(0)
    send([{ text: 'Hel' }])
    await clock.pass(0)
    fail(new TypeError('terminated'))
    await clock.pass(0)
    expect(brief(events)).toEqual(['text Hel', 'error network', 'done error: Hel'])
  })

  test('lets go of what it holds before a timeout', async () => {
    const clock = fakeClock()
    const { fetch, send } = feed()
    const options = {
      buffer: { maxHoldMs: Number.POSITIVE_INFINITY },
      timeout: { idle: 1000 },
    }
    const { events } = follow(streamChat({ url, fetch, ...options }))
    await clock.pass(0)
    send([{ text: 'Hel' }])
    await clock.pass(1101)
    expect(brief(events)).toEqual(['text Hel', 'error timeout', 'done error: Hel'])
  })

  test('lets go of what it holds before tool calls, and gives reasoning its own', async () => {
    const { fetch, send, end } = feed()
    const chunk = (delta: unknown) => ({ choices: [{ index: 0, delta }] })
    const call = { index: 0, id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }
    send(
      [chunk({ reasoning_content: 'Let me th' }), chunk({ reasoning_content: 'ink' })],
      [chunk({ content: 'I wi' }), chunk({ content: 'll' }), chunk({ tool_calls: [call] })],
      [{ choices: [{ index: 0, delta: {}, finish_reason: 'tool_calls' }] }, '[DONE]'],
    )
    end()
    const events = await run(streamChat({ url, fetch, buffer: 'line' }))
    expect(brief(events).slice(0, 3)).toEqual([
      'reasoning Let me think',
      'text I will',
      'tool-call-delta',
    ])
    expect(events.at(-1)).toMatchObject({ type: 'done', finishReason: 'tool-calls' })
    checkPromises(events)
  })
})
