import { describe, expect, it, vi } from 'vitest'
import { answer, demoAnswer, reasoning } from '../../demo/answer.ts'
import { startServer } from '../../demo/server.ts'
import { runNode } from './run-node.ts'

// Each test starts a Node.
vi.setConfig({ testTimeout: 20_000 })

const demo = ['demo/run.ts', '--port', '0', '--speed', 'burst']
const pageUrl = /^http:\/\/127\.0\.0\.1:\d+\/$/m

describe('npm run demo', () => {
  it('prints one answer from a real socket with its summary, and ends well with --once', async () => {
    const { exitCode, stdout, stderr } = await runNode([...demo, '--once'])
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(stdout).toContain(`${reasoning}\n\n${answer}\n\n`)
    expect(
      stdout
        .slice(stdout.indexOf(answer) + answer.length)
        .trim()
        .split('\n'),
    ).toEqual([
      'finish reason       stop (end_turn)',
      `characters          ${answer.length.toLocaleString('en')}`,
      `tokens              28 in, ${demoAnswer.text.length + demoAnswer.reasoning.length} out`,
      expect.stringMatching(/^time to first text {2}\d+ ms$/),
      expect.stringMatching(/^total {15}\d+ ms$/),
    ])
  })

  it.each(['openaiChat', 'plain', 'rawText'])('does the same in the format %s', async (format) => {
    const { exitCode, stdout } = await runNode([...demo, '--once', '--format', format])
    expect(exitCode).toBe(0)
    expect(stdout).toContain(answer)
  })

  it('fails with --once when the answer does not come', async () => {
    const { exitCode, stdout } = await runNode([...demo, '--once', '--format', 'smoke'])
    expect(exitCode).toBe(1)
    expect(stdout).toMatch(/^error {15}http: .*format is one of/m)
  })

  it('takes another port when its own is taken', async () => {
    const other = await startServer()
    const { port } = new URL(other.url)
    const { exitCode, stdout } = await runNode([...demo, '--once', '--port', port])
    await other.close()
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(
      new RegExp(`^Port ${port} is taken, so the demo takes a free one\\.$`, 'm'),
    )
    expect(stdout).toContain(answer)
  })

  it('serves the page, gives its address as the last line, and ends well at Ctrl-C', async () => {
    let page = ''
    const { exitCode, stdout, stderr } = await runNode(demo, async (output) => {
      const url = pageUrl.exec(output)?.[0]
      if (url === undefined) return false
      page = await (await fetch(url)).text()
      return true
    })
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(stdout.trimEnd().split('\n').at(-1)).toMatch(pageUrl)
    expect(page).toContain('<title>chatwire demo</title>')
  })

  it('stops in the middle of the answer at Ctrl-C', async () => {
    const args = ['demo/run.ts', '--port', '0', '--format', 'openaiChat', '--speed', 'slow']
    const { exitCode, stdout } = await runNode(args, (output) => output.includes('## From'))
    expect(exitCode).toBe(130)
    expect(stdout).toContain('finish reason       aborted')
    expect(stdout).not.toContain(answer)
  })
})
