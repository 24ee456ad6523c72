import type { ChatInit } from 'chatwire'
import type { Settings } from './settings.ts'

/** What one press of a button asks of all panes: the same answer, cut in the same way. */
export interface Run {
  id: string
  seed: number
  fault: string | undefined
}

export function newRun(fault?: string): Run {
  return { id: crypto.randomUUID(), seed: Math.floor(Math.random() * 2 ** 31), fault }
}

/** The request for one answer of a run, which may take several if the model calls a tool. */
export function requestOf(
  { id, seed, fault }: Run,
  { format, speed, chunks }: Settings,
  messages: readonly unknown[],
): ChatInit & { url: string } {
  const query = new URLSearchParams({
    id,
    format,
    speed,
    chunks,
    seed: String(seed + messages.length),
  })
  if (fault !== undefined) query.set('fault', fault)
  return {
    url: `/api/chat?${query}`,
    json: { messages },
    // Short, so that nobody has to wait for five minutes to see what silence does.
    timeout: { idle: 2000 },
  }
}

/** Breaks the streams of a run while they are on their way. */
export async function breakRun({ id }: Run, how: string): Promise<void> {
  const query = new URLSearchParams({ id, how })
  const response = await fetch(`/api/break?${query}`, { method: 'POST' })
  // 404: the answer ended before the click arrived.
  if (!response.ok && response.status !== 404) throw new Error(await response.text())
}
