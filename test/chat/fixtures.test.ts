import { readChat } from 'chatwire'
import type { ChatSnapshot } from 'chatwire/chat'
import { createChat } from 'chatwire/chat'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { aguiFixtures } from '../fixtures/agui.ts'
import { aiSdkFixtures } from '../fixtures/ai-sdk.ts'
import { aiSdkDataFixtures } from '../fixtures/ai-sdk-data.ts'
import { anthropicFixtures } from '../fixtures/anthropic.ts'
import { cohereFixtures } from '../fixtures/cohere.ts'
import { geminiFixtures } from '../fixtures/gemini.ts'
import { geminiInteractionsFixtures } from '../fixtures/gemini-interactions.ts'
import { langgraphFixtures } from '../fixtures/langgraph.ts'
import { ollamaFixtures } from '../fixtures/ollama.ts'
import { openaiChatFixtures } from '../fixtures/openai-chat.ts'
import { openaiResponsesFixtures } from '../fixtures/openai-responses.ts'
import { plainFixtures } from '../fixtures/plain.ts'
import { rawTextFixtures } from '../fixtures/raw-text.ts'
import { cutByFractions, fractions } from '../helpers/cut.ts'
import { utf8 } from '../helpers/encode.ts'
import type { Fixture } from '../helpers/fixture.ts'
import { formatOf } from '../helpers/fixture.ts'
import { doneOf, run } from '../helpers/run.ts'
import { responseOf } from '../helpers/stream.ts'

const fixtures: readonly Fixture[] = [
  ...openaiChatFixtures,
  ...openaiResponsesFixtures,
  ...anthropicFixtures,
  ...geminiFixtures,
  ...geminiInteractionsFixtures,
  ...aiSdkFixtures,
  ...aiSdkDataFixtures,
  ...aguiFixtures,
  ...cohereFixtures,
  ...ollamaFixtures,
  ...langgraphFixtures,
  ...plainFixtures,
  ...rawTextFixtures,
]

/** What a chat made of a body: every snapshot, the last one last. */
async function play(
  { body, contentType, format }: Fixture,
  cuts: readonly number[],
  pace: boolean,
): Promise<ChatSnapshot[]> {
  const chat = createChat({
    request: () =>
      readChat(responseOf(cutByFractions(utf8(body), cuts), contentType), {
        format: formatOf(format),
      }),
    notify: 'sync',
    pace,
  })
  const snapshots: ChatSnapshot[] = []
  chat.subscribe((snapshot) => snapshots.push(snapshot))
  await chat.send('Hi')
  expect(chat.get()).toBe(snapshots.at(-1))
  return snapshots
}

test.each([false, true])(
  'every fixture ends as the message that it says, paced: %s',
  async (pace) => {
    for (const fixture of fixtures) {
      const { body, contentType, format, name } = fixture
      const stream = readChat(responseOf([utf8(body)], contentType), { format: formatOf(format) })
      const result = doneOf(await run(stream))
      const last = (await play(fixture, [], pace)).at(-1)
      expect(last?.status, name).toBe(result.error ? 'error' : 'idle')
      expect(last?.error?.code, name).toBe(result.error?.code)
      const message = last?.messages[1]
      if (message === undefined) {
        expect([result.finishReason, result.text, result.toolCalls], name).toEqual([
          'error',
          '',
          [],
        ])
        continue
      }
      const of = (type: string) => message.parts.filter((part) => part.type === type)
      const textOf = (type: string) =>
        message.parts
          .map((part) => (part.type === type && 'text' in part ? part.text : ''))
          .join('')
      expect(message.text, name).toBe(result.text)
      expect(textOf('text'), name).toBe(result.text)
      expect(textOf('reasoning'), name).toBe(result.reasoning)
      expect(textOf('refusal'), name).toBe(result.refusal)
      expect(of('source'), name).toHaveLength(result.sources.length)
      expect(of('file'), name).toHaveLength(result.files.length)
      const calls = of('tool-call').filter((part) => 'state' in part && part.name !== '')
      for (const { input, inputText, name: tool } of result.toolCalls) {
        expect(calls, name).toContainEqual(
          expect.objectContaining({ input, inputText, name: tool }),
        )
      }
      expect(message.finishReason, name).toBe(result.finishReason)
      const ends = { error: 'error', aborted: 'stopped' }
      expect(message.status, name).toBe(
        Object.entries(ends).find(([reason]) => reason === result.finishReason)?.[1] ?? 'done',
      )
    }
  },
)

test('whatever the cuts and the pacing, what is shown is a prefix of the answer, then the answer', async () => {
  const answers = fixtures.filter(({ expect: { text = '' } }) => text !== '')
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...answers),
      fractions,
      fc.boolean(),
      async (fixture, cuts, pace) => {
        let shown = ''
        const snapshots = await play(fixture, cuts, pace)
        const answer = snapshots.at(-1)?.messages[1]?.text ?? ''
        expect(answer).toBe(fixture.expect.text)
        for (const { messages } of snapshots) {
          const text = messages[1]?.text ?? ''
          expect(text.startsWith(shown)).toBe(true)
          expect(answer.startsWith(text)).toBe(true)
          shown = text
        }
      },
    ),
    { numRuns: 300 },
  )
})
