import { AsyncLocalStorage } from 'node:async_hooks'

/** The timers that are set in a scenario, by where: scenarios run at the same time. */
const scene = new AsyncLocalStorage<Map<unknown, string>>()

const { setTimeout, setInterval, clearTimeout, clearInterval } = globalThis

/** Where in the package the caller is; `undefined` if it is not of the package. */
function place(): string | undefined {
  return /\/src\/\S+/.exec(new Error().stack ?? '')?.[0]
}

/** Whose a timer is: it may be cleared from anywhere. */
const owners = new WeakMap<object, Map<unknown, string>>()

function note(timer: object): void {
  const by = place()
  const owner = scene.getStore()
  if (by === undefined || owner === undefined) return
  owner.set(timer, by)
  owners.set(timer, owner)
}

function forget(timer: object | undefined): void {
  if (timer !== undefined) owners.get(timer)?.delete(timer)
}

type Callback = (...args: unknown[]) => void

const noting = {
  setTimeout(callback: Callback, ms?: number, ...args: unknown[]) {
    const timer = setTimeout(() => {
      forget(timer)
      callback(...args)
    }, ms)
    note(timer)
    return timer
  },
  setInterval(callback: Callback, ms?: number, ...args: unknown[]) {
    const timer = setInterval(callback, ms, ...args)
    note(timer)
    return timer
  },
  clearTimeout(timer?: NodeJS.Timeout) {
    forget(timer)
    clearTimeout(timer)
  },
  clearInterval(timer?: NodeJS.Timeout) {
    forget(timer)
    clearInterval(timer)
  },
}
Object.defineProperties(noting.setTimeout, Object.getOwnPropertyDescriptors(setTimeout))
Object.assign(globalThis, noting)

/** Runs something, and tells which timers of the package it has left, by where they were set. */
export function ownTimers<T>(run: () => T): { timers(): string[]; result: T } {
  const left = new Map<unknown, string>()
  const result = scene.run(left, run)
  return { timers: () => [...left.values()], result }
}
