import { createChat } from 'chatwire/chat'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { eventsOf } from './backend.ts'

test('whatever comes when, paced text is a prefix of what arrived, then all of it', async () => {
  vi.useFakeTimers()
  try {
    const character = fc.constantFrom('a', ' ', '\n', 'é', 'e\u0301', '漢', '👍🏽', '👩‍👩‍👧', '🇨🇭')
    const answer = fc.array(character, { maxLength: 60 }).map((all) => all.join(''))
    await fc.assert(
      fc.asyncProperty(
        answer,
        fc.array(fc.tuple(fc.nat(12), fc.nat(300)), { maxLength: 30 }),
        fc.constantFrom('grapheme' as const, 'word' as const),
        fc.nat(500),
        fc.boolean(),
        async (answer, arrivals, unit, maxLagMs, isStopped) => {
          const chat = createChat({
            pace: { unit, maxLagMs },
            request: async function* () {
              let at = 0
              for (const [length, waitMs] of [...arrivals, [answer.length, 0] as const]) {
                const text = answer.slice(at, at + length)
                at += text.length
                if (text !== '') yield { type: 'text', text } as const
                arrived = answer.slice(0, at)
                await new Promise((resolve) => setTimeout(resolve, waitMs))
              }
              if (isStopped) await new Promise(() => {})
              yield* eventsOf([])
            },
          })
          let arrived = ''
          let shown = ''
          const check = (text: string) => {
            expect(text.startsWith(shown)).toBe(true)
            expect(arrived.startsWith(text)).toBe(true)
            shown = text
          }
          chat.subscribe(({ messages }) => check(messages[1]?.text ?? ''))
          const sent = chat.send('Hi')
          await vi.advanceTimersByTimeAsync(30 * 300)
          if (isStopped) chat.stop()
          else await sent
          expect(shown).toBe(answer)
          expect(vi.getTimerCount()).toBe(0)
        },
      ),
      { numRuns: 200 },
    )
  } finally {
    vi.useRealTimers()
  }
})
