/** Draws the cases side by side: for each a bar per reader, as long as its time is to the floor's. */
import type { Column } from './measure.ts'
import { formatted, kindOf } from './table.ts'

const COLUMNS = 3
const PANEL_WIDTH = 320
const LABEL_WIDTH = 128
const BAR_WIDTH = 135
const ROW_HEIGHT = 15
const BAR_HEIGHT = 10
const HEAD_HEIGHT = 26
const MARGIN = 16
const TOP = 74
/** Bars end here; what is longer is shown by its number. */
const MAX_RATIO = 5

// The colours follow the reader's scheme, with a ground of their own: the page may follow another.
const STYLE = `
  :root { --ground: #ffffff; --text: #1f2328; --faint: #59636e; --line: #8c959f; --chatwire: #0969da; --hand: #8c959f; --library: #d1d9e0 }
  @media (prefers-color-scheme: dark) {
    :root { --ground: #0d1117; --text: #f0f6fc; --faint: #9198a1; --line: #656c76; --chatwire: #4493f8; --hand: #656c76; --library: #3d444d }
  }
  text { font: 11px system-ui, sans-serif; fill: var(--text) }
  .ground { fill: var(--ground) } .title { font-size: 15px; font-weight: 600 }
  .head { font-size: 12px; font-weight: 600 } .faint { fill: var(--faint) }
  .chatwire { fill: var(--chatwire) } .hand { fill: var(--hand) } .library { fill: var(--library) }
  text.chatwire { font-weight: 600 } .label { text-anchor: end }
  line { stroke: var(--line); stroke-dasharray: 2 2 }`

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

function textAt(x: number, y: number, text: string, kind = ''): string {
  return `<text x="${x}" y="${y}" class="${kind}">${escaped(text)}</text>`
}

/** The readers of a case, the fastest first; of chatwire the ones that send a request. */
function barsOf({ figures }: Column): [reader: string, ratio: number][] {
  const isLeftOut = (reader: string) =>
    kindOf(reader) === 'floor' || ['readEvents', 'readChat', 'sniffing'].includes(reader)
  return [...figures].filter(([reader]) => !isLeftOut(reader)).sort(([, a], [, b]) => a - b)
}

const heightOf = (column: Column): number => HEAD_HEIGHT + barsOf(column).length * ROW_HEIGHT

function panel(column: Column, x: number, y: number): string {
  const zero = x + LABEL_WIDTH + 6
  const unit = BAR_WIDTH / MAX_RATIO
  const bars = barsOf(column).map(([reader, ratio], i) => {
    const middle = y + HEAD_HEIGHT + i * ROW_HEIGHT
    const kind = kindOf(reader)
    const name = kind === 'chatwire' ? `chatwire ${reader}` : reader
    const width = (Math.min(ratio, MAX_RATIO) * unit).toFixed(1)
    const figure = `${formatted(ratio)}${ratio > MAX_RATIO ? ' →' : ''}`
    return [
      textAt(zero - 6, middle + 4, name, kind === 'chatwire' ? 'label chatwire' : 'label'),
      `<rect x="${zero}" y="${middle - BAR_HEIGHT / 2}" width="${width}" height="${BAR_HEIGHT}" class="${kind}"/>`,
      textAt(zero + Number(width) + 4, middle + 4, figure, 'faint'),
    ].join('')
  })
  const floor = zero + unit
  const bottom = y + heightOf(column) - ROW_HEIGHT / 2
  return [
    textAt(zero, y + 10, column.name, 'head'),
    ...bars,
    `<line x1="${floor}" x2="${floor}" y1="${y + 15}" y2="${bottom}"/>`,
  ].join('\n')
}

/** The SVG of all cases whose figures are multiples of the floor's time. */
export function chartOf(columns: Column[]): string {
  const cases = columns.filter(({ eventsPerSecond }) => eventsPerSecond !== undefined)
  const panels: string[] = []
  let y = TOP
  for (let start = 0; start < cases.length; start += COLUMNS) {
    const row = cases.slice(start, start + COLUMNS)
    for (const [i, column] of row.entries()) {
      panels.push(panel(column, MARGIN + i * PANEL_WIDTH, y))
    }
    y += Math.max(...row.map(heightOf)) + MARGIN
  }
  const width = COLUMNS * PANEL_WIDTH + 2 * MARGIN
  const title = 'Time to read the same bytes, as a multiple of the floor'
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" width="${width}" height="${y}" role="img" aria-label="${title}">
<style>${STYLE}
</style>
<rect width="100%" height="100%" rx="6" class="ground"/>
${textAt(MARGIN, 30, title, 'title')}
${textAt(MARGIN, 50, 'Shorter is better. Dashed line: the floor, which is TextDecoder, eventsource-parser and JSON.parse and nothing else. Heads: format / size of the chunks.', 'faint')}
${panels.join('\n')}
</svg>
`
}
