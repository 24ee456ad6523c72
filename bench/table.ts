import type { Column } from './measure.ts'

const chatwireRows = [
  'readEvents',
  'streamEvents',
  'readChat',
  'streamChat',
  'sniffing',
  'createTextBuffer',
  'bufferText',
]
const floorRows = ['floor', 'floor again']
const handRows = ['by hand: lines', 'by hand: buffer']
const firstRows = [...floorRows, ...handRows, ...chatwireRows]
const lastRow = 'chatwire / best other'

export function kindOf(row: string): 'floor' | 'hand' | 'chatwire' | 'library' {
  if (floorRows.includes(row)) return 'floor'
  if (handRows.includes(row)) return 'hand'
  return chatwireRows.includes(row) ? 'chatwire' : 'library'
}

/** Where a row stands; the libraries come last. */
function rank(row: string): number {
  const at = firstRows.indexOf(row)
  return at === -1 ? firstRows.length : at
}

export interface Comparison {
  ours: string
  figure: number
  best: string
  bestFigure: number
}

/** Chatwire's reader and the best one of another library, if the column has both. */
export function compare({ figures, ours = 'streamChat' }: Column): Comparison | undefined {
  const figure = figures.get(ours)
  const others = [...figures].filter(([row]) => kindOf(row) === 'library')
  const [best] = others.sort(([, a], [, b]) => a - b)
  return figure === undefined || best === undefined
    ? undefined
    : { ours, figure, best: best[0], bestFigure: best[1] }
}

export function formatted(figure: number): string {
  return figure < 9.995 ? figure.toFixed(2) : figure < 99.95 ? figure.toFixed(1) : figure.toFixed(0)
}

function cellOf(column: Column, row: string): string {
  if (row === lastRow) {
    const found = compare(column)
    return found ? formatted(found.figure / found.bestFigure) : ''
  }
  const figure = column.figures.get(row)
  if (figure === undefined) return ''
  if (row === 'floor' && column.eventsPerSecond !== undefined) {
    const rate = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 })
    return `${rate.format(column.eventsPerSecond)}/s`
  }
  const mark = row === compare(column)?.best ? '*' : ''
  return mark + formatted(figure)
}

/** The lines of a table: a row for each reader, a column for each case, whose name takes two lines. */
export function tableOf(columns: Column[]): string[] {
  const rows = [...new Set(columns.flatMap(({ figures }) => [...figures.keys()]))]
  rows.sort((a, b) => rank(a) - rank(b))
  if (columns.some((column) => compare(column))) rows.push(lastRow)
  const grid = [
    ['', ...columns.map(({ name }) => name.split('/')[0] ?? '')],
    ['', ...columns.map(({ name }) => name.split('/')[1] ?? '')],
    ...rows.map((row) => [row, ...columns.map((column) => cellOf(column, row))]),
  ]
  const widths = columns.map((_, i) => Math.max(...grid.map((line) => line[i + 1]?.length ?? 0)))
  const firstWidth = Math.max(...grid.map(([first = '']) => first.length))
  return grid.map(([first = '', ...cells]) => {
    const padded = cells.map((cell, i) => cell.padStart((widths[i] ?? 0) + 2))
    return (first.padEnd(firstWidth) + padded.join('')).trimEnd()
  })
}
