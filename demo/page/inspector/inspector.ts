import { find } from '../find.ts'
import { type Stats, statsOf } from './stats.ts'
import type { Traced } from './tap.ts'
import { createTimeline } from './timeline.ts'
import { emptyTrace } from './trace.ts'
import { type Verdict, verdictOf } from './verdict.ts'

const verdictLine = find('verdict', HTMLElement)
const [headline, detail] = verdictLine.children
const timeline = find('timeline', SVGSVGElement)
const figures = find('figures', HTMLElement)
const drawTimeline = createTimeline(timeline)
const values = new Map<string, HTMLElement>()

/** Shows the stream of one pane, as far as it has come. */
export function inspect(name: string, traced: Traced | undefined): void {
  const trace = traced?.trace ?? emptyTrace()
  const now = traced?.now() ?? 0
  const stats = statsOf(trace, now)
  const verdict = verdictOf(traced?.trace, now)
  setText(find('inspected', HTMLElement), name)
  verdictLine.dataset['tone'] = verdict.tone
  if (headline && detail) {
    setText(headline, verdict.headline)
    setText(detail, verdict.detail)
  }
  for (const [label, value] of figuresOf(stats)) setText(valueElement(label), value)
  drawTimeline(trace, stats, verdict)
  timeline.setAttribute('aria-label', describe(stats, verdict))
}

const ms = (value: number | undefined): string =>
  value === undefined ? '–' : `${Math.round(value).toLocaleString('en')} ms`
const number = (value: number): string => Math.round(value).toLocaleString('en')

function figuresOf(stats: Stats): [string, string][] {
  const { buffer, paint, longestGap } = stats
  return [
    ['First text', ms(stats.firstTextMs)],
    ['Total', ms(stats.totalMs)],
    ['Longest silence', ms(longestGap.to - longestGap.from)],
    ['Characters per second', number(stats.charsPerSecond)],
    ['Chunks', `${number(stats.chunks)} (${number(stats.bytes / 1024)} KiB)`],
    ['Cut inside a character', number(stats.tornCharacters)],
    ['Frames', `${number(stats.frames)} + ${number(stats.keepalives)} keepalives`],
    ['Events', number(stats.events)],
    ['Held by the buffer', `${number(buffer.maxChars)} ch., ${ms(buffer.maxMs)}`],
    ['Paints', number(stats.paints)],
    ['Behind on screen', `${number(paint.maxChars)} ch., ${ms(paint.maxMs)}`],
  ]
}

/** What the picture shows, for who cannot see it. */
function describe(stats: Stats, verdict: Verdict): string {
  return `${verdict.headline}. ${number(stats.chunks)} chunks, ${number(stats.frames)} frames, ${number(stats.events)} events and ${number(stats.paints)} paints in ${ms(stats.totalMs)}.`
}

function valueElement(label: string): HTMLElement {
  const known = values.get(label)
  if (known) return known
  const row = document.createElement('div')
  const term = document.createElement('dt')
  const value = document.createElement('dd')
  term.textContent = label
  row.append(term, value)
  figures.append(row)
  values.set(label, value)
  return value
}

/** Leaves alone what has not changed: less to lay out, and less for a screen reader to notice. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text
}
