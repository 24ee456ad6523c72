import type { Stats } from './stats.ts'
import { charsOf, lastMoment, type Step, type Trace } from './trace.ts'
import { seconds, type Verdict } from './verdict.ts'

const SVG = 'http://www.w3.org/2000/svg'

/** The space on the left for the names of the lanes, and on the right, in pixels. */
const LEFT = 86
const RIGHT = 12
const LANE_HEIGHT = 26
const CURVE_HEIGHT = 130
const AXIS_HEIGHT = 24
const LANES = ['chunks', 'frames', 'events', 'paints'] as const
const CURVE_TOP = LANES.length * LANE_HEIGHT + 10
const HEIGHT = CURVE_TOP + CURVE_HEIGHT + AXIS_HEIGHT

/** Silence worth a mark, in milliseconds. */
const MARKED_GAP_MS = 400

/** Creates the picture of a stream within `svg`. What it returns draws it anew. */
export function createTimeline(
  svg: SVGSVGElement,
): (trace: Trace, stats: Stats, verdict: Verdict) => void {
  svg.setAttribute('height', String(HEIGHT))
  const add = (name: string, className: string, attributes: object = {}): SVGElement =>
    svg.appendChild(element(name, className, attributes))

  const gap = add('rect', 'gap', { y: 0, height: CURVE_TOP + CURVE_HEIGHT })
  const gapLabel = add('text', 'gap-label', { y: CURVE_TOP + 14 })
  const grid = add('g', 'grid')
  const lanes = LANES.map((name, index) => {
    const y = index * LANE_HEIGHT
    add('text', 'lane', { x: 0, y: y + 17 }).textContent = name
    return add('path', `ticks ${name}`)
  })
  const keepalives = add('path', 'ticks keepalives')
  add('text', 'lane', { x: 0, y: CURVE_TOP + 14 }).textContent = 'characters'
  const most = add('text', 'lane soft', { x: 0, y: CURVE_TOP + 31 })
  const held = add('path', 'held')
  const arrived = add('path', 'curve arrived')
  const painted = add('path', 'curve painted')
  const end = add('path', 'end')

  return (trace, stats, verdict) => {
    const width = Math.max(svg.clientWidth, 260)
    svg.setAttribute('viewBox', `0 0 ${width} ${HEIGHT}`)
    const spanMs = Math.max(lastMoment(trace), stats.totalMs, 500)
    const x = (at: number): number => LEFT + (at / spanMs) * (width - LEFT - RIGHT)
    const maxChars = Math.max(charsOf(trace.arrived), 1)
    const y = (chars: number): number =>
      CURVE_TOP + CURVE_HEIGHT - (chars / maxChars) * (CURVE_HEIGHT - 4)

    const frames = trace.frames.filter(({ isKeepalive }) => !isKeepalive)
    const times = [trace.chunks, frames, trace.eventTimes.map((at) => ({ at })), trace.painted]
    for (const [index, path] of lanes.entries()) {
      path.setAttribute('d', ticks(times[index] ?? [], x, index * LANE_HEIGHT + 5))
    }
    const comments = trace.frames.filter(({ isKeepalive }) => isKeepalive)
    keepalives.setAttribute('d', ticks(comments, x, LANE_HEIGHT + 5))

    const endAt = stats.totalMs
    arrived.setAttribute('d', stairs(trace.arrived, x, y, endAt))
    painted.setAttribute('d', stairs(trace.painted, x, y, endAt))
    held.setAttribute('d', between(trace.arrived, trace.painted, x, y, endAt))
    most.textContent = maxChars > 1 ? maxChars.toLocaleString('en') : ''

    const { from, to } = stats.longestGap
    const isMarked = to - from >= MARKED_GAP_MS
    set(gap, { x: x(from), width: isMarked ? x(to) - x(from) : 0 })
    set(gapLabel, { x: x(from) + 6 })
    gapLabel.textContent = isMarked && x(to) - x(from) > 90 ? `${seconds(to - from)} silent` : ''

    const isOver = trace.end !== undefined
    end.setAttribute('class', `end ${verdict.tone}`)
    set(end, { d: isOver ? `M${x(endAt)} 0V${CURVE_TOP + CURVE_HEIGHT}` : '' })
    grid.replaceChildren(...axis(spanMs, x, width))
  }
}

function element(name: string, className: string, attributes: object): SVGElement {
  const created = document.createElementNS(SVG, name)
  if (!(created instanceof SVGElement)) throw new TypeError(`${name} is no element of SVG`)
  created.setAttribute('class', className)
  set(created, attributes)
  return created
}

function set(target: SVGElement, attributes: object): void {
  for (const [name, value] of Object.entries(attributes)) target.setAttribute(name, String(value))
}

/** One short line for each moment; those that fall on the same half pixel are one. */
function ticks(moments: readonly { at: number }[], x: (at: number) => number, top: number): string {
  const places = new Set(moments.map(({ at }) => Math.round(2 * x(at)) / 2))
  return [...places].map((place) => `M${place} ${top}v${LANE_HEIGHT - 10}`).join('')
}

/** A stair: flat until the next step. */
function stairs(
  steps: readonly Step[],
  x: (at: number) => number,
  y: (chars: number) => number,
  endAt: number,
): string {
  if (steps.length === 0) return ''
  const path = steps.map(({ at, chars }) => `H${x(at).toFixed(1)}V${y(chars).toFixed(1)}`)
  return `M${LEFT} ${y(0)}${path.join('')}H${x(endAt).toFixed(1)}`
}

/** The area between what arrived and what was drawn. */
function between(
  upper: readonly Step[],
  lower: readonly Step[],
  x: (at: number) => number,
  y: (chars: number) => number,
  endAt: number,
): string {
  if (upper.length === 0) return ''
  let back = `V${y(charsOf(lower)).toFixed(1)}`
  for (let index = lower.length - 1; index >= 0; index--) {
    const before = lower[index - 1]?.chars ?? 0
    back += `H${x(lower[index]?.at ?? 0).toFixed(1)}V${y(before).toFixed(1)}`
  }
  return `${stairs(upper, x, y, endAt)}${back}Z`
}

/** Lines and labels at round times. */
function axis(spanMs: number, x: (at: number) => number, width: number): SVGElement[] {
  const wanted = Math.max(2, Math.floor((width - LEFT) / 110))
  const stepMs = [100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 60_000].find(
    (step) => spanMs / step <= wanted,
  )
  const marks: SVGElement[] = []
  for (let at = 0; at <= spanMs; at += stepMs ?? 300_000) {
    marks.push(element('path', '', { d: `M${x(at)} 0V${CURVE_TOP + CURVE_HEIGHT}` }))
    const label = element('text', '', {
      x: x(at),
      y: HEIGHT - 7,
      'text-anchor': x(at) > width - 30 ? 'end' : at === 0 ? 'start' : 'middle',
    })
    label.textContent = at === 0 ? '0' : seconds(at)
    marks.push(label)
  }
  return marks
}
