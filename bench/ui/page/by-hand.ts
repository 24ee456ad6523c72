import { useState } from 'react'
import type { Conversation, Line } from './conversation.ts'

/** When to show what is pending, asked at each delta: calls `flush` now, later or not at all. */
type Schedule = (pending: string, delta: string, flush: () => void) => void

/** The hook of the tutorials: a state update for each token. */
export function useEachToken(url: string, history: Line[]): Conversation {
  return useByHand(url, history, (_pending, _delta, flush) => flush())
}

/** The same, with an update for every 20 characters. */
export function useEvery20(url: string, history: Line[]): Conversation {
  return useByHand(url, history, (pending, _delta, flush) => {
    if (pending.length >= 20) flush()
  })
}

/** The same, with an update for every frame: who draws each frame cannot do with less. */
export function useEachFrame(url: string, history: Line[]): Conversation {
  return useByHand(url, history, (pending, delta, flush) => {
    if (pending === delta) requestAnimationFrame(flush)
  })
}

/** No more than reading: what the stream itself costs. */
export function useEnd(url: string, history: Line[]): Conversation {
  return useByHand(url, history, () => {})
}

function useByHand(url: string, history: Line[], schedule: Schedule): Conversation {
  const [lines, setLines] = useState(history)

  async function ask(question: string): Promise<void> {
    setLines((all) => [
      ...all,
      { id: 'question', role: 'user', text: question },
      { id: 'answer', role: 'assistant', text: '' },
    ])
    let pending = ''
    const flush = (): void => {
      if (pending === '') return
      const text = pending
      pending = ''
      setLines((all) =>
        all.map((line) => (line.id === 'answer' ? { ...line, text: line.text + text } : line)),
      )
    }
    await readDeltas(url, question, (delta) => {
      pending += delta
      schedule(pending, delta, flush)
    })
    flush()
  }
  return { lines, ask }
}

async function readDeltas(url: string, text: string, onDelta: (delta: string) => void) {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify({ text }) })
  const reader = response.body?.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  for (;;) {
    const result = await reader?.read()
    if (result?.value === undefined) return
    const lines = (rest + decoder.decode(result.value, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (!line.startsWith('data: ') || line === 'data: [DONE]') continue
      const chunk = JSON.parse(line.slice(6))
      if (chunk.type === 'text-delta') onDelta(chunk.delta)
    }
  }
}
