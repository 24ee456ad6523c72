import { question } from '../answer.ts'
import { hints } from '../conversation.ts'
import { createAnnouncer } from './announce.ts'
import { createPane, current, frontends, type Pane } from './board.ts'
import { find } from './find.ts'
import { inspect, setText } from './inspector/inspector.ts'
import { verdictOf } from './inspector/verdict.ts'
import { breakRun, newRun } from './run.ts'

const tabs = find('tabs', HTMLElement)
const paneList = find('panes', HTMLElement)
const message = find('message', HTMLInputElement)
const send = find('send', HTMLButtonElement)
const stop = find('stop', HTMLButtonElement)
const again = find('again', HTMLButtonElement)
const clear = find('clear', HTMLButtonElement)
const hintList = find('hints', HTMLElement)
const faultButtons = [...document.querySelectorAll<HTMLButtonElement>('[data-fault]')]
const announcer = createAnnouncer(find('announcer', HTMLElement))
const chips = new Map<string, HTMLElement>()

let selected = 'dom'
let isDrawing = false
/** Whether the end of the answer was announced. */
let isAnnounced = true

const panes = frontends.map((frontend): Pane => {
  tabs.append(createTab(frontend))
  const element = document.createElement('section')
  element.id = `pane-${frontend.id}`
  element.className = 'pane'
  element.ariaLabel = `Chat in ${frontend.name}`
  element.tabIndex = 0
  paneList.append(element)
  return createPane(frontend, element, draw)
})

function createTab({ id, name, entry }: (typeof frontends)[number]): HTMLElement {
  const label = document.createElement('label')
  const radio = document.createElement('input')
  radio.type = 'radio'
  radio.name = 'inspected'
  radio.checked = id === selected
  radio.addEventListener('change', () => {
    selected = id
    draw()
  })
  const title = document.createElement('b')
  title.textContent = name
  const code = document.createElement('code')
  code.className = 'entry'
  code.textContent = entry
  const chip = document.createElement('span')
  chip.className = 'chip'
  chips.set(id, chip)
  label.append(radio, title, code, chip)
  return label
}

function isBusy(): boolean {
  return panes.some(({ chat }) => ['submitted', 'streaming'].includes(chat().get().status))
}

/** Draws all that is not a chat, ten times a second however often it is called. */
function draw(): void {
  if (isDrawing) return
  isDrawing = true
  setTimeout(() => {
    isDrawing = false
    drawNow()
  }, 100)
}

function drawNow(): void {
  const busy = isBusy()
  for (const { id, element, traced } of panes) {
    const { tone, headline } = verdictOf(traced()?.trace, traced()?.now() ?? 0)
    const chip = chips.get(id)
    if (chip) {
      chip.dataset['tone'] = tone
      setText(chip, tone === 'idle' ? '' : headline)
    }
    element.toggleAttribute('data-selected', id === selected)
    if (id === selected) inspect(frontends.find((one) => one.id === id)?.name ?? '', traced())
  }
  const hasMessages = panes.some(({ chat }) => chat().get().messages.length > 0)
  // aria-disabled and not disabled: the focus stays where it is when a button goes out of use.
  enable(send, !busy)
  enable(stop, busy)
  enable(again, !busy && hasMessages)
  enable(clear, !busy && hasMessages)
  for (const button of faultButtons) enable(button, !busy || !('refuses' in button.dataset))
  for (const button of hintList.querySelectorAll('button')) enable(button, !busy)
  announce(busy)
  // Silence grows though nothing happens.
  if (busy) draw()
}

function enable(button: HTMLButtonElement, isEnabled: boolean): void {
  if (button.ariaDisabled !== String(!isEnabled)) button.ariaDisabled = String(!isEnabled)
}

/** One of four equal answers is read out, and its end once. */
function announce(busy: boolean): void {
  const pane = panes.find(({ id }) => id === selected)
  if (pane === undefined || isAnnounced) return
  const last = pane.chat().get().messages.at(-1)
  const text = last?.role === 'assistant' ? last.text : ''
  if (busy) return announcer.tell(text)
  isAnnounced = true
  const { headline } = verdictOf(pane.traced()?.trace, 0)
  announcer.end(text, headline)
}

function start(ask: (pane: Pane) => unknown, fault?: string): void {
  current.run = newRun(fault)
  announcer.reset()
  isAnnounced = false
  for (const pane of panes) {
    pane.forget()
    void ask(pane)
  }
  drawNow()
}

function sendMessage(fault?: string): void {
  const text = message.value.trim() || question
  message.value = ''
  start((pane) => pane.chat().send(text), fault)
}

function stopAll(): void {
  for (const { chat } of panes) chat().stop()
  draw()
}

/** Does what a button is for, unless it is out of use just now. */
function onPress(button: HTMLButtonElement, action: () => void): void {
  button.addEventListener('click', () => {
    if (button.ariaDisabled !== 'true') action()
  })
}

find('composer', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault()
  if (send.ariaDisabled !== 'true') sendMessage()
})
onPress(stop, stopAll)
onPress(again, () => start((pane) => pane.chat().regenerate()))
onPress(clear, () => {
  for (const { chat, forget } of panes) {
    forget()
    chat().clear()
  }
  draw()
  message.focus()
})
for (const button of faultButtons) {
  const fault = button.dataset['fault'] ?? ''
  onPress(button, () => {
    if (isBusy()) void breakRun(current.run, fault)
    else sendMessage(fault)
  })
}
for (const hint of [question, ...Object.values(hints)]) {
  const button = document.createElement('button')
  button.type = 'button'
  button.textContent = hint
  onPress(button, () => {
    message.value = hint
    sendMessage()
  })
  hintList.append(button)
}
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') stopAll()
})
addEventListener('resize', draw)
message.value = question
draw()
