import type { ChatMessage, MessagePart } from 'chatwire/chat'
import { renderMarkdown } from './markdown.ts'

/** A message as the panes draw it: every framework draws the same blocks. */
export type Block =
  | { kind: 'text'; html: string }
  | { kind: 'reasoning'; summary: string; text: string }
  | { kind: 'tool'; name: string; input: string; output: string }
  | { kind: 'source'; url: string; title: string }

/** Parts that did not change are the same objects, so each is rendered once. */
const rendered = new WeakMap<MessagePart, Block>()

export function blocksOf({ parts }: ChatMessage): Block[] {
  return parts.flatMap((part) => {
    const block = rendered.get(part) ?? blockOf(part)
    if (block) rendered.set(part, block)
    return block ?? []
  })
}

function blockOf(part: MessagePart): Block | undefined {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return { kind: 'text', html: renderMarkdown(part.text) }
    case 'reasoning': {
      const summary = `Reasoning, ${part.text.length.toLocaleString('en')} characters`
      return { kind: 'reasoning', summary, text: part.text }
    }
    case 'tool-call': {
      const output = part.output === undefined ? 'running …' : JSON.stringify(part.output)
      return { kind: 'tool', name: part.name, input: part.inputText, output }
    }
    case 'source':
      return safeSource(part.url, part.title)
    default:
      return undefined
  }
}

/** Whatever the wire says, only a web address becomes a link. */
function safeSource(url: string | undefined, title: string | undefined): Block | undefined {
  if (url === undefined || !/^https?:\/\//i.test(url)) return undefined
  return { kind: 'source', url, title: title ?? url }
}

/** How much of a message can be seen, in UTF-16 code units. */
export function shownLength({ parts }: ChatMessage): number {
  return parts.reduce((sum, part) => sum + ('text' in part ? part.text.length : 0), 0)
}
