import { afterEach, beforeEach, expect, test } from 'vitest'
import { expectNoStrays } from './setup.ts'

// Vitest fails the run on a stray rejection, as it should; here it must look away for once.
const others = process.listeners('unhandledRejection').slice(0, -1)
beforeEach(() => {
  for (const listener of others) process.off('unhandledRejection', listener)
})
afterEach(() => {
  for (const listener of others) process.on('unhandledRejection', listener)
})

test('a rejection that nobody handles fails the test that caused it', async () => {
  Promise.reject(new Error('stray'))
  await expect(expectNoStrays()).rejects.toThrow('unhandled rejections: Error: stray')
})

test('a rejection that is handled in time fails nothing', async () => {
  const rejection = Promise.reject(new Error('handled'))
  await rejection.catch(() => undefined)
  await expectNoStrays()
})
