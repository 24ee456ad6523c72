/** The element with this id; the page and its scripts belong together, so a missing one is a bug. */
export function find<Kind extends Element>(id: string, kind: new () => Kind): Kind {
  const element = document.getElementById(id)
  if (element instanceof kind) return element
  throw new TypeError(`index.html has no ${kind.name} with the id ${id}`)
}
