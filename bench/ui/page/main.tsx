import { type ReactNode, useLayoutEffect } from 'react'
import { createRoot } from 'react-dom/client'
import type { Line, UseConversation } from './conversation.ts'
import { createTally, type Report } from './tally.ts'

declare global {
  interface Window {
    /** Set when the page is ready; asks, and resolves when the answer is there. */
    measure?: () => Promise<Report>
  }
}

const hooks: Record<string, () => Promise<UseConversation>> = {
  chatwire: async () => (await import('./chatwire.ts')).useFrames,
  'chatwire-50': async () => (await import('./chatwire.ts')).useThrottled,
  'each-token': async () => (await import('./by-hand.ts')).useEachToken,
  'every-20': async () => (await import('./by-hand.ts')).useEvery20,
  'each-frame': async () => (await import('./by-hand.ts')).useEachFrame,
  'at-end': async () => (await import('./by-hand.ts')).useEnd,
  'ai-sdk': async () => (await import('./ai-sdk.ts')).useAiSdk,
  'ai-sdk-50': async () => (await import('./ai-sdk.ts')).useThrottledAiSdk,
}

const query = new URLSearchParams(location.search)
const load = hooks[query.get('hook') ?? '']
const root = document.getElementById('root')
if (load === undefined || root === null) throw new Error('There is no such hook, or no #root')
const useConversation = await load()
const tally = createTally(Number(query.get('length')), query.has('frames'))

const history = Array.from({ length: 20 }, (_, i): Line => {
  const role = i % 2 === 0 ? 'user' : 'assistant'
  return {
    id: `line-${i}`,
    role,
    text: 'Words that were said before. '.repeat(role === 'user' ? 2 : 20),
  }
})

let ask = (): void => {}

function App(): ReactNode {
  const conversation = useConversation(`/api/chat?stream=${query.get('stream')}`, history)
  tally.render()
  useLayoutEffect(() => {
    ask = () => conversation.ask('Why?')
    tally.commit(conversation.lines.at(-1))
  })
  return (
    <div>
      {conversation.lines.map(({ id, role, text }, i) => (
        <p key={id} data-role={role} {...(i > history.length && { elementtiming: 'answer' })}>
          {text}
        </p>
      ))}
    </div>
  )
}

createRoot(root).render(<App />)
requestAnimationFrame(() => {
  window.measure = () => tally.measure(() => ask())
})
