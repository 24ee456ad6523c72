import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { answer, demoAnswer } from '../../demo/answer.ts'
import { formats } from '../../demo/formats/index.ts'
import { type DemoServer, startServer } from '../../demo/server.ts'
import { runNode } from './run-node.ts'

// Each test starts a Node.
vi.setConfig({ testTimeout: 20_000 })

let server: DemoServer

beforeAll(async () => {
  if (!existsSync(new URL('../../dist/index.js', import.meta.url))) {
    throw new Error('The examples import the built package: run `npm run build` first.')
  }
  server = await startServer()
})
afterAll(() => server.close())

const run = (example: string, query: string, interruptWhen?: () => boolean) =>
  runNode([`examples/node/${example}.ts`, `${server.url}/api/chat?seed=1&${query}`], interruptWhen)

/** What a reader has of an answer that did not come to its end: some of it, from the start. */
function expectPart(text: string): void {
  expect(text).not.toBe('')
  expect(answer.startsWith(text)).toBe(true)
  expect(text).not.toBe(answer)
}

describe('print.ts', () => {
  it('prints the answer and nothing else', async () => {
    expect(await run('print', 'speed=fast')).toEqual({ exitCode: 0, stdout: answer, stderr: '' })
  })

  it('prints what came before an error, then the error, and fails', async () => {
    const { exitCode, stdout, stderr } = await run('print', 'speed=burst&fault=reset')
    expect(exitCode).toBe(1)
    expectPart(stdout)
    expect(stderr).toMatch(/^\nnetwork: .+\n$/)
  })
})

describe('stop.ts', () => {
  it('stops at Ctrl-C with the text that had arrived', async () => {
    const { exitCode, stdout, stderr } = await run('stop', 'speed=model', () => true)
    expect(exitCode).toBe(130)
    expectPart(stdout)
    const kept = Number(/^\nStopped, with (\d+) characters kept\.\n$/.exec(stderr)?.[1])
    expect(kept).toBeGreaterThanOrEqual(stdout.length)
    expect(kept).toBeLessThan(answer.length)
  })

  it('prints the whole answer when nobody stops it', async () => {
    expect(await run('stop', 'speed=burst')).toEqual({ exitCode: 0, stdout: answer, stderr: '' })
  })
})

describe('collect.ts', () => {
  it('prints the answer, then why it ended and its tokens', async () => {
    expect(await run('collect', 'speed=burst')).toEqual({
      exitCode: 0,
      stdout: `${answer}\n`,
      stderr: `stop, ${demoAnswer.text.length} tokens\n`,
    })
  })

  it('keeps the text of an answer that was cut off, and fails', async () => {
    const { exitCode, stdout, stderr } = await run('collect', 'speed=burst&fault=cut')
    expect(exitCode).toBe(1)
    expectPart(stdout.slice(0, -1))
    expect(stderr).toMatch(/^truncated: .+\n$/)
  })
})

describe('words.ts', () => {
  it('prints whole words, which together are the answer', async () => {
    const { exitCode, stdout, stderr } = await run('words', 'speed=fast')
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    const words = stdout
      .trimEnd()
      .split('\n')
      .map((line): string => JSON.parse(line))
    expect(words.join('')).toBe(answer)
    for (const whole of ['streaming', '👩🏽‍💻', '👨‍👩‍👧‍👦', '🇯🇵']) {
      expect(words.filter((word) => word.includes(whole))).toHaveLength(1)
    }
  })
})

describe('raw-events.ts', () => {
  it('prints the name and the data of every event, as the server sent them', async () => {
    const frames = formats.get('anthropic')?.frames(demoAnswer) ?? []
    const lines = frames.map((frame) => frame.replace(/^event: (.+)\ndata: (.+)\n\n$/, '$1 $2\n'))
    expect(lines).toHaveLength(demoAnswer.reasoning.length + demoAnswer.text.length + 9)
    expect(await run('raw-events', 'format=anthropic&speed=fast')).toEqual({
      exitCode: 0,
      stdout: lines.join(''),
      stderr: '',
    })
  })

  it('fails with the message of a refusal', async () => {
    const { exitCode, stdout, stderr } = await run('raw-events', 'fault=401')
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
    expect(stderr).toMatch(/^http: .*Incorrect API key provided\..*\n$/)
  })
})
