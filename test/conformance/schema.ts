/** As much of JSON Schema as the schemas in conformance/schema use. Any other keyword is an error. */

type Json = Record<string, unknown>

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const types: Record<string, (value: unknown) => boolean> = {
  object: isObject,
  array: Array.isArray,
  string: (value) => typeof value === 'string',
  integer: Number.isInteger,
  boolean: (value) => typeof value === 'boolean',
  null: (value) => value === null,
}

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value])

function member(value: unknown, key: string): Json {
  const found = isObject(value) ? value[key] : undefined
  if (!isObject(found)) throw new Error(`the schema has no ${key}`)
  return found
}

/** What is wrong with `value`, one line for each fault. */
export function faultsOf(value: unknown, root: unknown): string[] {
  if (!isObject(root)) throw new Error('the schema is no object')
  const faults: string[] = []

  /** Whether it fits, without telling why not. */
  const fits = (part: unknown, schema: unknown): boolean => {
    const before = faults.length
    visit(part, schema, '')
    return faults.splice(before).length === 0
  }

  /** What each keyword asks for; `true` if it is met. What looks into the value tells by itself. */
  const keywords: Record<
    string,
    (part: unknown, rule: unknown, schema: Json, at: string) => boolean
  > = {
    $schema: () => true,
    $defs: () => true,
    title: () => true,
    description: () => true,
    type: (part, rule) => list(rule).some((name) => types[String(name)]?.(part)),
    enum: (part, rule) => list(rule).includes(part),
    pattern: (part, rule) => typeof part !== 'string' || new RegExp(String(rule)).test(part),
    minimum: (part, rule) => typeof part !== 'number' || part >= Number(rule),
    minItems: (part, rule) => !Array.isArray(part) || part.length >= Number(rule),
    maxItems: (part, rule) => !Array.isArray(part) || part.length <= Number(rule),
    required: (part, rule) => !isObject(part) || list(rule).every((key) => String(key) in part),
    oneOf: (part, rule) => list(rule).filter((schema) => fits(part, schema)).length === 1,
    $ref(part, rule, _, at) {
      visit(part, member(member(root, '$defs'), String(rule).replace('#/$defs/', '')), at)
      return true
    },
    items(part, rule, _, at) {
      if (Array.isArray(part))
        for (const [i, item] of part.entries()) visit(item, rule, `${at}/${i}`)
      return true
    },
    properties(part, rule, _, at) {
      if (!isObject(part) || !isObject(rule)) return true
      for (const key of Object.keys(rule))
        if (key in part) visit(part[key], rule[key], `${at}/${key}`)
      return true
    },
    additionalProperties(part, rule, { properties = {} }, at) {
      if (!isObject(part) || !isObject(properties)) return true
      const others = Object.keys(part).filter((key) => !(key in properties))
      if (rule === false) return others.length === 0
      for (const key of others) visit(part[key], rule, `${at}/${key}`)
      return true
    },
  }

  function visit(part: unknown, schema: unknown, at: string): void {
    if (!isObject(schema)) throw new Error(`${at}: the schema is no object`)
    for (const [keyword, rule] of Object.entries(schema)) {
      const check = keywords[keyword]
      if (check === undefined) throw new Error(`the keyword ${keyword} is not known here`)
      if (!check(part, rule, schema, at)) faults.push(`${at}: ${keyword}`)
    }
  }

  visit(value, root, '')
  return faults
}
