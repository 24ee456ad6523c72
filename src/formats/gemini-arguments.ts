import { asNumber, asObject, asText, type WireObject } from '../wire-value.ts'

/** The arguments of a call that come value by value, each with the path where it belongs. */
export interface PartialArguments {
  /** Takes one element of `partialArgs`. Returns whether there is such a place in the arguments. */
  add(piece: unknown): boolean
  /** The arguments so far, as JSON; `''` if there are none. */
  toJson(): string
}

/** A list, or an object without a prototype, so that no key of the wire means another one. */
type Holder = { [step: string | number]: unknown }

/** A place in the arguments. */
interface Place {
  holder: Holder
  step: string | number
}

/** Nobody's tool nests deeper, and the wire must not choose how deep the JSON gets. */
const MAX_DEPTH = 64

export function collectArguments(): PartialArguments {
  const root = newFields()
  /** The string that goes on in the next piece with the same path. */
  let open: (Place & { path: string }) | undefined

  return {
    add(value) {
      const piece = asObject(value)
      const path = asText(piece?.['jsonPath'])
      if (piece === undefined || path === undefined) return true
      const goesOn = piece['willContinue'] === true
      const found = readValue(piece)
      const next = found === undefined && goesOn ? '' : found
      if (open?.path === path) {
        if (typeof next === 'string') open.holder[open.step] = `${open.holder[open.step]}${next}`
        if (!goesOn) open = undefined
        return true
      }
      open = undefined
      if (next === undefined) return true
      const place = placeOf(root, path)
      if (place === undefined) return false
      place.holder[place.step] = next
      if (goesOn && typeof next === 'string') open = { path, ...place }
      return true
    },
    toJson() {
      const json = JSON.stringify(root)
      return json === '{}' ? '' : json
    },
  }
}

function newFields(): Holder {
  return Object.create(null) as Holder
}

function readValue(piece: WireObject): unknown {
  const { stringValue, boolValue } = piece
  if (typeof stringValue === 'string') return stringValue
  if (typeof boolValue === 'boolean') return boolValue
  return asNumber(piece['numberValue']) ?? ('nullValue' in piece ? null : undefined)
}

/**
 * The place that a path such as `$.days[0].name` leads to; objects and lists on the way are made.
 * A list grows by one at a time: an index of a billion is not worth a list of a billion.
 */
function placeOf(root: Holder, path: string): Place | undefined {
  const steps = readPath(path)
  if (steps.length > MAX_DEPTH) return undefined
  let place: Place | undefined
  let holder: unknown = root
  for (const step of steps) {
    if (place !== undefined && (typeof holder !== 'object' || holder === null)) {
      holder = typeof step === 'number' ? [] : newFields()
      place.holder[place.step] = holder
    }
    const isPlace = Array.isArray(holder)
      ? typeof step === 'number' && step <= holder.length
      : typeof step === 'string'
    if (!isPlace) return undefined
    place = { holder: holder as Holder, step }
    holder = place.holder[step]
  }
  return place
}

/** The steps of a JSONPath of plain members: `.name`, `['name']`, `[0]`. Empty if it is none. */
function readPath(path: string): (string | number)[] {
  const steps: (string | number)[] = []
  const step = /\.([^.[\]]+)|\[(\d{1,9})\]|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]/y
  step.lastIndex = 1
  while (step.lastIndex < path.length) {
    const found = step.exec(path)
    if (found === null) return []
    const [, name, index, single, double] = found
    const quoted = single ?? double ?? ''
    steps.push(index === undefined ? (name ?? quoted.replace(/\\(.)/g, '$1')) : Number(index))
  }
  return steps
}
