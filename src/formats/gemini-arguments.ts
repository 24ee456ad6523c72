import { asNumber, asObject, asText } from '../wire-value.ts'

/** The arguments of a call that come value by value, each with the path where it belongs. */
export interface PartialArguments {
  /** Takes one element of `partialArgs`. Returns whether there is such a place in the arguments. */
  add(piece: unknown): boolean
  /** The arguments so far, as JSON; `''` if there are none. */
  toJson(): string
}

/** An object of the arguments. It has no prototype, so that no key of the wire means another one. */
type Fields = { [key: string]: unknown }

/** A place in the arguments: fields and their key, or a list and its index. */
type Place = { fields: Fields; key: string } | { list: unknown[]; key: number }

/** Nobody's tool nests deeper, and the wire must not choose how deep the JSON gets. */
const MAX_DEPTH = 64

export function collectArguments(): PartialArguments {
  const root = newFields()
  let isEmpty = true
  /** The string that goes on in the next piece with the same path. */
  let open: { path: string; place: Place } | undefined

  return {
    add(value) {
      const piece = asObject(value)
      const path = asText(piece?.['jsonPath'])
      if (piece === undefined || path === undefined) return true
      const goesOn = piece['willContinue'] === true
      const next = readValue(piece) ?? (goesOn ? '' : undefined)
      if (open?.path === path) {
        if (typeof next === 'string') set(open.place, `${get(open.place)}${next}`)
        if (!goesOn) open = undefined
        return true
      }
      open = undefined
      if (next === undefined) return true
      const place = placeOf(root, path)
      if (place === undefined) return false
      isEmpty = false
      set(place, next === NULL ? null : next)
      if (goesOn && typeof next === 'string') open = { path, place }
      return true
    },
    toJson() {
      return isEmpty ? '' : JSON.stringify(root)
    },
  }
}

function newFields(): Fields {
  return Object.create(null) as Fields
}

const NULL = Symbol('null')

function readValue(piece: { readonly [key: string]: unknown }): unknown {
  const { stringValue, boolValue } = piece
  if (typeof stringValue === 'string') return stringValue
  if (typeof boolValue === 'boolean') return boolValue
  return asNumber(piece['numberValue']) ?? (Object.hasOwn(piece, 'nullValue') ? NULL : undefined)
}

/**
 * The place that a path such as `$.days[0].name` leads to; objects and lists on the way are made.
 * A list grows by one at a time: an index of a billion is not worth a list of a billion.
 */
function placeOf(root: Fields, path: string): Place | undefined {
  const [key, ...rest] = readPath(path)
  if (typeof key !== 'string' || rest.length >= MAX_DEPTH) return undefined
  let place: Place = { fields: root, key }
  for (const step of rest) {
    let holder = get(place)
    if (typeof holder !== 'object' || holder === null) {
      holder = typeof step === 'number' ? [] : newFields()
      set(place, holder)
    }
    if (Array.isArray(holder)) {
      if (typeof step !== 'number' || step > holder.length) return undefined
      place = { list: holder, key: step }
    } else {
      if (typeof step === 'number') return undefined
      place = { fields: holder as Fields, key: step }
    }
  }
  return place
}

function get(place: Place): unknown {
  return 'list' in place ? place.list[place.key] : place.fields[place.key]
}

function set(place: Place, value: unknown): void {
  if ('list' in place) place.list[place.key] = value
  else place.fields[place.key] = value
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
