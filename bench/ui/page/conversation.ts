/** What every hook shows: one row. */
export interface Line {
  id: string
  role: string
  text: string
}

/** What every hook gives to the component that uses it. */
export interface Conversation {
  lines: Line[]
  ask(question: string): void
}

/** A React hook: keeps a conversation that begins with `history`, and posts questions to `url`. */
export type UseConversation = (url: string, history: Line[]) => Conversation
