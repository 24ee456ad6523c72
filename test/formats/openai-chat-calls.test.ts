import { readChat } from 'chatwire'
import { openaiChat } from 'chatwire/formats'
import { expect, test } from 'vitest'
import { sse, utf8 } from '../helpers/encode.ts'
import { checkPromises, checkToolCalls, doneOf, run } from '../helpers/run.ts'
import { responseOf } from '../helpers/stream.ts'

/** What servers put into the pieces of two calls, one after the other: each in every combination. */
const indexes = {
  'its own index': (call: number) => call,
  'an index from 1': (call: number) => call + 1,
  'index 0': () => 0,
  'no index': () => undefined,
}
const ids = {
  'an id first': (call: number, at: number) => (at === 0 ? `id${call}` : undefined),
  'an id always': (call: number) => `id${call}`,
  'an id first, then a blank one': (call: number, at: number) => (at === 0 ? `id${call}` : ''),
  'no id': () => undefined,
  'a blank id': () => '',
}
const names = {
  'a name first': (name: string, at: number) => (at === 0 ? name : undefined),
  'a name first, then a blank one': (name: string, at: number) => (at === 0 ? name : ''),
  'a name always': (name: string) => name,
}
const cuts = {
  'the arguments whole': (input: string) => [input],
  'the arguments in pieces': (input: string) => pieces(input),
  'no arguments, then pieces': (input: string) => ['', ...pieces(input)],
  'null, then pieces': (input: string) => [null, ...pieces(input)],
}
const called = [
  ['a', '{"x":{"k":[1]}}'],
  ['b', '{"y":2}'],
] as const

function pieces(input: string): string[] {
  return [input.slice(0, 4), input.slice(4, 5), input.slice(5)]
}

function combinations(): [string, (call: number, input: string, name: string) => unknown[]][] {
  return Object.entries(indexes).flatMap(([hasIndex, indexOf]) =>
    Object.entries(ids).flatMap(([hasId, idOf]) =>
      Object.entries(names).flatMap(([hasName, nameOf]) =>
        Object.entries(cuts).map(([hasInput, cut]): ReturnType<typeof combinations>[number] => [
          [hasIndex, hasId, hasName, hasInput].join(', '),
          (call, input, name) =>
            cut(input).map((piece, at) => ({
              index: indexOf(call),
              id: idOf(call, at),
              function: { name: nameOf(name, at), arguments: piece },
            })),
        ]),
      ),
    ),
  )
}

test.each(['b', 'a'])(
  'two calls, of a and %s, are two whatever their pieces carry',
  async (other) => {
    const all = combinations()
    expect(all).toHaveLength(240)
    for (const [name, deltasOf] of all) {
      const functions = [called[0][0], other]
      const deltas = called.flatMap(([, input], call) =>
        deltasOf(call, input, functions[call] ?? ''),
      )
      const chunks = deltas.map((call) => ({
        choices: [{ index: 0, delta: { tool_calls: [call] } }],
      }))
      const body = sse([...chunks, '[DONE]'])
      const response = responseOf([utf8(body)], 'text/event-stream')
      const events = await run(readChat(response, { format: openaiChat }))
      checkPromises(events)
      checkToolCalls(events)
      const { toolCalls } = doneOf(events)
      expect(
        toolCalls.map((call) => [call.name, call.inputText]),
        name,
      ).toEqual(called.map(([, input], call) => [functions[call], input]))
    }
  },
)
