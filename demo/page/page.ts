import { type BufferSpec, type ChatEvent, type ChatResult, streamChat } from 'chatwire'
import { question } from '../answer.ts'
import { formats } from '../formats/index.ts'

/** The element with this id; the page and this file belong together, so a missing one is a bug. */
function find<Kind extends Element>(id: string, kind: new () => Kind): Kind {
  const element = document.getElementById(id)
  if (element instanceof kind) return element
  throw new TypeError(`index.html has no ${kind.name} with the id ${id}`)
}

const controls = find('controls', HTMLFormElement)
const format = find('format', HTMLSelectElement)
const speed = find('speed', HTMLSelectElement)
const buffer = find('buffer', HTMLSelectElement)
const seams = find('seams', HTMLInputElement)
const send = find('send', HTMLButtonElement)
const stop = find('stop', HTMLButtonElement)
const conversation = find('conversation', HTMLElement)
const head = find('head', HTMLElement)
const thinking = find('thinking', HTMLDetailsElement)
const reasoning = find('reasoning', HTMLElement)
const breakButtons = [...document.querySelectorAll<HTMLButtonElement>('[data-break]')]
const faultButtons = [...document.querySelectorAll<HTMLButtonElement>('[data-fault]')]

for (const [name, { label }] of formats) format.add(new Option(label, name))
find('question', HTMLElement).textContent = question

/** The whole answer is one text node, so that no event boundary can tear a character apart. */
const answer = document.createTextNode('')
find('answer', HTMLElement).append(answer)

// Shades events without a change to the DOM. Where the browser cannot, the choice is not offered.
const shaded = 'Highlight' in globalThis ? new Highlight() : undefined
if (shaded) CSS.highlights.set('seam', shaded)
find('seams-label', HTMLElement).hidden = !shaded
seams.addEventListener('change', () => document.body.classList.toggle('seams', seams.checked))

const number = (value: number): string => value.toLocaleString('en')
const ms = (value: number | undefined): string =>
  value === undefined ? '–' : `${number(Math.round(value))} ms`

function show(id: string, text: string): void {
  find(id, HTMLElement).textContent = text
}

/** The stream that Stop and the break buttons mean. */
let running: { id: string; controller: AbortController } | undefined

type State = 'idle' | 'waiting' | 'streaming' | 'done' | 'stopped' | 'error'

/** What a screen reader hears: how the stream fares, never the stream itself. */
function setState(state: State, headline: string, detail: string): void {
  head.dataset['state'] = state
  show('state', headline)
  show('detail', detail)
  const busy = state === 'waiting' || state === 'streaming'
  // aria-disabled and not disabled: the focus stays where it is when a button goes out of use.
  for (const button of [send, ...faultButtons]) button.ariaDisabled = String(busy)
  for (const button of [stop, ...breakButtons]) button.ariaDisabled = String(!busy)
}

/** Does what a button is for, unless it is out of use just now. */
function onPress(button: HTMLButtonElement, action: () => void): void {
  button.addEventListener('click', () => {
    if (button.ariaDisabled !== 'true') action()
  })
}

/** Lets the page grow without losing sight of its end, unless the reader has scrolled away. */
function followEnd(grow: () => void): void {
  const page = document.documentElement
  const atEnd = page.scrollHeight - page.scrollTop - page.clientHeight < 60
  grow()
  if (atEnd) page.scrollTop = page.scrollHeight
}

function appendText(text: string, shade: boolean): void {
  const start = answer.length
  answer.appendData(text)
  if (!shaded || !shade) return
  const range = document.createRange()
  range.setStart(answer, start)
  range.setEnd(answer, answer.length)
  shaded.add(range)
}

function showEnd({ finishReason, text, usage, timing, error }: ChatResult): void {
  running = undefined
  // What had arrived but was not handed out when the stream was stopped is in the result alone.
  appendText(text.slice(answer.length), false)
  show('characters', number(text.length))
  show('first-text', ms(timing.firstTextMs))
  show('total', ms(timing.totalMs))
  show('tokens', usage?.outputTokens === undefined ? '–' : number(usage.outputTokens))
  if (error) {
    const again = error.retryable ? 'may help' : 'will not help'
    setState('error', `Error: ${error.code}`, `${error.message} Sending it again ${again}.`)
  } else if (finishReason === 'aborted') {
    setState('stopped', 'Stopped', 'What had arrived is kept.')
  } else if (finishReason === 'unknown') {
    setState('done', 'Done: unknown', 'This format does not say whether the answer is complete.')
  } else {
    setState('done', `Done: ${finishReason}`, 'The answer is complete.')
  }
}

async function ask(fault?: string): Promise<void> {
  const id = crypto.randomUUID()
  const controller = new AbortController()
  running = { id, controller }
  answer.data = ''
  reasoning.textContent = ''
  thinking.hidden = true
  shaded?.clear()
  for (const count of ['characters', 'events']) show(count, '0')
  for (const figure of ['first-text', 'total', 'tokens']) show(figure, '–')
  setState('waiting', 'Waiting', 'The request is out, nothing has come back yet.')
  conversation.scrollIntoView({ block: 'end' })

  const query = new URLSearchParams({ format: format.value, speed: speed.value, id })
  if (fault !== undefined) query.set('fault', fault)
  const spec = bufferSpec(buffer.value)
  const startedAt = performance.now()
  let events = 0
  let pieces = 0

  const receive = (event: ChatEvent): void => {
    events += 1
    show('events', number(events))
    if (event.type === 'done') return showEnd(event)
    if (head.dataset['state'] === 'waiting') {
      setState('streaming', 'Streaming', 'The answer is on its way.')
    }
    if (event.type === 'reasoning') {
      thinking.hidden = false
      reasoning.append(event.text)
    }
    if (event.type === 'text') {
      if (pieces === 0) show('first-text', ms(performance.now() - startedAt))
      pieces += 1
      appendText(event.text, pieces % 2 === 0)
      show('characters', number(answer.length))
    }
  }

  const stream = streamChat({
    url: `/api/chat?${query}`,
    json: { messages: [{ role: 'user', content: question }] },
    signal: controller.signal,
    // Short, so that nobody has to wait for five minutes to see what silence does.
    timeout: { idle: 2000 },
    ...(spec && { buffer: spec }),
  })
  for await (const event of stream) followEnd(() => receive(event))
}

function bufferSpec(value: string): BufferSpec | undefined {
  if (value === 'word' || value === 'line') return value
  return value === '' ? undefined : Number(value)
}

async function breakStream(how: string): Promise<void> {
  if (!running) return
  const query = new URLSearchParams({ id: running.id, how })
  const response = await fetch(`/api/break?${query}`, { method: 'POST' })
  // 404: the answer ended before the click arrived.
  if (!response.ok && response.status !== 404) throw new Error(await response.text())
}

controls.addEventListener('submit', (event) => {
  event.preventDefault()
  if (send.ariaDisabled !== 'true') void ask()
})
onPress(stop, () => running?.controller.abort())
for (const button of breakButtons) {
  onPress(button, () => void breakStream(button.dataset['break'] ?? ''))
}
for (const button of faultButtons) onPress(button, () => void ask(button.dataset['fault']))
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') running?.controller.abort()
})
