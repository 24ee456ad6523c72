import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { checksOf } from '../../conformance/plan.ts'
import { runNode } from '../examples/run-node.ts'

const run = (...args: string[]) => runNode(['conformance/run.ts', ...args])

test('the runner prints each vector and counts them', async () => {
  const args = ['conformance/adapters/chatwire.ts', '--only', 'rawText', '--cuts', '3']
  const { exitCode, stdout, stderr } = await run(...args)
  const lines = stdout.trimEnd().split('\n')
  const count = lines.length - 1
  expect(count).toBeGreaterThan(20)
  expect(lines.at(0)).toBe('passed  rawText: a body of plain text is the text')
  expect(lines.filter((line) => line.startsWith('passed  rawText: ')).length).toBe(count)
  expect(lines.at(-1)).toBe(`rawText: ${count} passed, 0 failed`)
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
})

test('the runner says what failed, and fails', async () => {
  const args = ['conformance/adapters/eventsource-parser.ts', '--cuts', '0', '--failed']
  const { exitCode, stdout } = await run(...args)
  expect(stdout).toMatch(
    /^failed {2}sse: the letters of a misread BOM are letters\n {8}whole: the list of events is .*\nsse: \d+ passed, 1 failed\n$/,
  )
  expect(exitCode).toBe(1)
})

test('the runner fails where there is nothing to run', async () => {
  expect((await run()).stderr).toContain('Usage: ')
  const { exitCode, stderr } = await run('conformance/adapters/chatwire.ts', '--only', 'nothing')
  expect({ exitCode, says: stderr.includes('nothing to check') }).toEqual({
    exitCode: 1,
    says: true,
  })
})

test('an adapter that reads only event streams is given only those', async () => {
  const readSse = async () => ({ events: [] })
  const groups = (checks: { group: string }[]) => [...new Set(checks.map(({ group }) => group))]
  expect(groups(await checksOf({ readSse }, 1))).toEqual(['sse'])
  const all = await checksOf({ readSse, readChat: () => Promise.reject(new Error('no')) }, 1)
  expect(groups(all)).toContain('openaiChat')
  expect(groups(all).length).toBe(14)
})

test('the page about the data says how many vectors there are', async () => {
  const page = await readFile('conformance/README.md', 'utf8')
  const readChat = () => Promise.reject(new Error('no'))
  const events = await checksOf({ readSse: async () => ({ events: [] }) }, 1)
  const answers = await checksOf({ readChat }, 1)
  expect(page).toContain(`${events.length} event streams`)
  expect(page).toContain(`${answers.length} answers`)
})
