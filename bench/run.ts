/**
 * Where chatwire stands: the same bytes read by it, by other libraries, by hand and by the floor,
 * which is `TextDecoder`, eventsource-parser and `JSON.parse` and nothing else.
 *
 *     npm run bench                        everything; writes docs/bench.svg and docs/speed.md
 *     npm run bench -- --case openai       the cases whose name starts with that
 *     npm run bench -- --only streamChat   that reader and the floor
 *     npm run bench -- --check             what has a limit; exit status 1 when it is above that
 *
 * It measures the built package, so that what ships is what is measured. To see where the time
 * goes: `node --cpu-prof bench/run.ts --case plain/64B --only streamChat`.
 */
import { writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import type { Case } from './cases.ts'
import { chartOf } from './chart.ts'
import type { Column } from './measure.ts'
import { putIntoPage } from './page.ts'
import { compare, formatted, tableOf } from './table.ts'

const { values: options } = parseArgs({
  options: {
    case: { type: 'string', default: '' },
    only: { type: 'string' },
    seconds: { type: 'string', default: '8' },
    check: { type: 'boolean', default: false },
  },
})
const seconds = Number(options.seconds)
const isFull = options.case === '' && options.only === undefined && !options.check

/** By how much two copies of the same code may differ before the machine counts as too busy. */
const NOISE = 0.03

interface Measurement {
  /** What `--case` goes by. */
  name: string
  table: 'answers' | 'more' | 'buffers'
  limit?: number
  run(): Promise<Column[]>
}

const { nineCases, otherCases, measureCase } = await import('./cases.ts').catch((cause) => {
  throw new Error('The built package cannot be loaded: run `npm run build` first.', { cause })
})
const { measureGrowth } = await import('./growth.ts')
const { measureLatency } = await import('./latency.ts')
const { measureImports } = await import('./imports.ts')
const { measureBuffering } = await import('./buffering.ts')

const isLimited = (name: string): boolean => /^stream(?:Chat|Events)$/.test(name)

/** Whether that reader takes part. */
function wanted(name: string): boolean {
  if (options.check) return name.startsWith('floor') || isLimited(name)
  return name === 'floor' || name === (options.only ?? name)
}

/** The other ways to call chatwire differ only in what an event costs. */
const measuredOnce = (name: string): boolean =>
  wanted(name) && !['floor again', 'readChat', 'sniffing'].includes(name)

function measurementOf(subject: Case, table: Measurement['table']): Measurement {
  return {
    name: subject.name,
    table,
    ...(subject.limit !== undefined && { limit: subject.limit }),
    run: async () => [await measureCase(subject, wanted, seconds)],
  }
}

const measurements: Measurement[] = [
  ...nineCases.map((subject) => measurementOf(subject, 'answers')),
  ...otherCases.map((subject) => measurementOf(subject, 'more')),
  { name: 'growth', table: 'more', run: () => measureGrowth(measuredOnce) },
  { name: 'latency', table: 'more', run: () => measureLatency(measuredOnce) },
  { name: 'import', table: 'more', run: () => measureImports(wanted) },
  { name: 'buffer', table: 'buffers', run: () => measureBuffering(wanted, seconds / 2) },
]

/** How far the second copy of the floor was from the first. */
const noiseIn = ({ figures }: Column): number => Math.abs((figures.get('floor again') ?? 1) - 1)

function complaintsAbout({ name, figures }: Column, limit = Number.POSITIVE_INFINITY): string[] {
  return [...figures]
    .filter(([reader, ratio]) => isLimited(reader) && ratio > limit)
    .map(([reader, ratio]) => `${name}: ${reader} ${ratio.toFixed(3)} > ${limit}`)
}

const tables: Record<Measurement['table'], Column[]> = { answers: [], more: [], buffers: [] }
const complaints: string[] = []
const selected = measurements.filter(({ name, limit }) => {
  return name.startsWith(options.case) && (!options.check || limit !== undefined)
})
if (selected.length === 0) {
  const names = measurements.map(({ name }) => name).join(', ')
  throw new Error(`No case starts with "${options.case}". There are: ${names}.`)
}

for (const { table, limit, run } of selected) {
  let columns = await run()
  // A verdict needs a quiet machine: a case that was disturbed gets two more chances.
  for (let chances = 2; options.check && chances > 0; chances--) {
    if (columns.every((column) => noiseIn(column) <= NOISE)) break
    columns = await run()
  }
  for (const column of columns) {
    const found = compare(column)
    const line = found && `${found.ours} ${formatted(found.figure)}, ${found.best} `
    console.error(`${column.name}: ${line ? line + formatted(found.bestFigure) : 'measured'}`)
    complaints.push(...complaintsAbout(column, limit))
  }
  tables[table].push(...columns)
}

const all = [...tables.answers, ...tables.more]
const noise = Math.max(0, ...all.map(noiseIn))
const [processor] = cpus()
const lines = [
  `Node ${process.version}, ${processor?.model}, ${cpus().length} cores.`,
  'CPU time of the thread, lower quartile of many short rounds, as a multiple of the floor; the',
  'floor itself: events a second. Where the head names a unit, the figure is in that (buffer: ms).',
  '*: the best of the other libraries.',
  '',
  ...Object.values(tables)
    .filter((columns) => columns.length > 0)
    .flatMap((columns) => [...tableOf(columns), '']),
  `Two copies of the floor differ by up to ${noise.toFixed(2)}${noise > NOISE ? ': this machine is too busy.' : '.'}`,
]
console.log(lines.join('\n'))
for (const complaint of complaints) console.log(`Above its limit: ${complaint}`)
if (options.check && complaints.length > 0) process.exitCode = 1

if (isFull) {
  await writeFile('docs/bench.svg', chartOf(all))
  await putIntoPage(lines.join('\n'))
}
