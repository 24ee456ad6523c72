// A whole chat: streams, stops, retries after an error, and follows the end for who reads there.
import { type ChatMessage, type ChatSnapshot, createChat } from 'chatwire/chat'

/** The one element that matches; the page and this file belong together, so a missing one is a bug. */
function find<Kind extends Element>(selector: string, kind: new () => Kind): Kind {
  const element = document.querySelector(selector)
  if (element instanceof kind) return element
  throw new TypeError(`index.html has no ${selector}`)
}

const log = find('[role=log]', HTMLElement)
const status = find('[role=status]', HTMLElement)
const alert = find('[role=alert]', HTMLElement)
const form = find('form', HTMLFormElement)
const question = find('input', HTMLInputElement)
const stop = find('#stop', HTMLButtonElement)

const chat = createChat({ url: '/api/chat' })
const shown = new Map<string, { message: ChatMessage; element: HTMLElement }>()
let isFollowing = true

function show(messages: readonly ChatMessage[]): void {
  const ids = new Set(messages.map(({ id }) => id))
  for (const [id, { element }] of shown) {
    if (!ids.has(id) && shown.delete(id)) element.remove()
  }
  for (const message of messages) {
    const known = shown.get(message.id)
    // Messages that did not change are the same objects.
    if (known?.message === message) continue
    const element = known?.element ?? log.appendChild(document.createElement('p'))
    element.dataset['role'] = message.role
    element.dataset['status'] = message.status
    element.textContent = message.text
    shown.set(message.id, { message, element })
  }
}

function render({ messages, status: state, error }: ChatSnapshot): void {
  const isBusy = state === 'submitted' || state === 'streaming'
  show(messages)
  status.textContent = state === 'submitted' ? 'Waiting for the answer …' : ''
  find('[role=alert] span', HTMLElement).textContent = error?.message ?? ''
  alert.hidden = error === undefined
  log.ariaBusy = String(isBusy)
  // Not `disabled`, which would take the focus away; without an answer the button does nothing.
  stop.ariaDisabled = String(!isBusy)
  if (isFollowing) log.scrollTo(0, log.scrollHeight)
}

chat.subscribe(render)
render(chat.get())
log.addEventListener('scroll', () => {
  isFollowing = log.scrollHeight - log.scrollTop - log.clientHeight < 32
})
form.addEventListener('submit', (event) => {
  event.preventDefault()
  isFollowing = true
  chat.send(question.value)
  form.reset()
})
stop.addEventListener('click', chat.stop)
find('[role=alert] button', HTMLButtonElement).addEventListener('click', () => chat.regenerate())
