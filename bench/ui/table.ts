import type { Report } from './page/tally.ts'

/** What was found out about one hook and one stream: medians over the rounds. */
export interface Figures extends Omit<Report, 'text'> {
  /** CPU time of the main thread, in milliseconds, and how much of it went into layout. */
  mainMs: number
  layoutMs: number
}

const columns: [heading: string, key: keyof Figures, unit: string][] = [
  ['renders', 'renders', ''],
  ['per frame', 'mostPerFrame', ''],
  ['main thread', 'mainMs', ' ms'],
  ['layout', 'layoutMs', ' ms'],
  ['long tasks', 'longTasks', ''],
  ['longest', 'longestMs', ' ms'],
  ['first text', 'firstTextMs', ' ms'],
  ['finished', 'finishedMs', ' ms'],
]

/** The median of each figure. */
export function medians(rounds: readonly Figures[]): Figures {
  const middle = (key: keyof Figures): number => median(rounds.map((figures) => figures[key]))
  return {
    renders: middle('renders'),
    mostPerFrame: middle('mostPerFrame'),
    mainMs: middle('mainMs'),
    layoutMs: middle('layoutMs'),
    longTasks: middle('longTasks'),
    longestMs: middle('longestMs'),
    firstTextMs: middle('firstTextMs'),
    finishedMs: middle('finishedMs'),
  }
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? Number.NaN
}

function printRow(first: string, cells: string[]): void {
  console.log(first.padEnd(36) + cells.map((cell) => cell.padStart(12)).join(''))
}

export function printTable(rows: ReadonlyMap<string, Figures>): void {
  printRow(
    '',
    columns.map(([heading]) => heading),
  )
  for (const [label, figures] of rows) {
    printRow(
      label,
      columns.map(([, key, unit]) => `${Math.round(figures[key]).toLocaleString('en')}${unit}`),
    )
  }
}
