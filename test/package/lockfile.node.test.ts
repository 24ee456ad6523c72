import { expect, test } from 'vitest'
import lock from '../../package-lock.json' with { type: 'json' }

interface Locked {
  optionalDependencies?: Record<string, string>
  resolved?: string
}

const packages = new Map(Object.entries(lock.packages as Record<string, Locked>))

/** Whether `name`, asked for by the package at `from`, is in the lockfile: there or further up. */
function isLocked(name: string, from: string): boolean {
  if (packages.has(`${from && `${from}/`}node_modules/${name}`)) return true
  return from !== '' && isLocked(name, from.replace(/\/?(?:node_modules\/(?:@[^/]+\/)?[^/]+)$/, ''))
}

test('the lockfile knows the builds for every platform, so that npm ci works on each', () => {
  const missing = [...packages].flatMap(([from, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter((name) => !isLocked(name, from)),
  )
  expect(missing).toEqual([])
})

test('the lockfile does not say where packages were downloaded from', () => {
  const located = [...packages].filter(([, { resolved }]) => resolved !== undefined)
  expect(located).toEqual([])
})
