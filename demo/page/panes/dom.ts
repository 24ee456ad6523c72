import { type ChatMessage, createChat } from 'chatwire/chat'
import type { MountPane } from './pane.ts'
import { type Block, blocksOf, shownLength } from './view.ts'

/** A pane without a framework: `chatwire/chat` and the DOM. */
export const mountDom: MountPane = (element, { options, connect }) => {
  const chat = createChat(options.get)
  const failure = create('p', 'failure')
  let shown: readonly ChatMessage[] = []
  let articles: HTMLElement[] = []

  chat.subscribe(({ messages, error }) => {
    articles = messages.map((message, index) => {
      const article = articles[index] ?? create('article', message.role)
      if (message === shown[index]) return article
      article.className = message.role
      article.dataset['shown'] = String(shownLength(message))
      drawBlocks(article, blocksOf(message))
      return article
    })
    shown = messages
    failure.textContent = error?.message ?? ''
    place(element, error ? [...articles, failure] : articles)
  })
  connect(chat)
}

/** Makes these the children; what is in its place stays there, and keeps the focus and the selection. */
function place(element: HTMLElement, children: readonly HTMLElement[]): void {
  const wanted = new Set<Element>(children)
  for (const child of [...element.children]) if (!wanted.has(child)) child.remove()
  for (const [index, child] of children.entries()) {
    const present = element.children[index] ?? null
    if (child !== present) element.insertBefore(child, present)
  }
}

/** Draws blocks over those that are there, so that what a reader has opened stays open. */
function drawBlocks(article: HTMLElement, blocks: Block[]): void {
  for (const [index, block] of blocks.entries()) {
    const old = article.children[index]
    const isSame = old instanceof HTMLElement && old.dataset['kind'] === block.kind
    const drawn = isSame ? old : createBlock(block.kind)
    fill(drawn, block)
    if (!isSame) article.insertBefore(drawn, old ?? null)
  }
  while (article.children.length > blocks.length) article.lastElementChild?.remove()
}

function createBlock(kind: Block['kind']): HTMLElement {
  const block = create(kind === 'reasoning' ? 'details' : 'div', kind)
  block.dataset['kind'] = kind
  if (kind === 'reasoning') block.append(create('summary'), create('p'))
  if (kind === 'tool') block.append(create('code'), create('code', 'output'))
  if (kind === 'source') block.append(create('a'))
  return block
}

function fill(element: HTMLElement, block: Block): void {
  const [first, second] = element.children
  if (block.kind === 'text') {
    // Sanitised by `renderMarkdown`.
    if (element.innerHTML !== block.html) element.innerHTML = block.html
  } else if (block.kind === 'source' && first instanceof HTMLAnchorElement) {
    first.href = block.url
    first.textContent = block.title
  } else if (block.kind === 'reasoning') {
    if (first) first.textContent = block.summary
    if (second) second.textContent = block.text
  } else if (block.kind === 'tool') {
    if (first) first.textContent = `${block.name}(${block.input})`
    if (second) second.textContent = block.output
  }
}

function create(name: string, className = ''): HTMLElement {
  const element = document.createElement(name)
  element.className = className
  return element
}
