import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const repository = fileURLToPath(new URL('../..', import.meta.url))

export interface Finished {
  exitCode: number | null
  stdout: string
  stderr: string
}

/**
 * Runs a file of this repository in a Node of its own, as a reader would.
 *
 * @param interruptWhen - Looks at all the output so far, whenever there is more; once it says true,
 *   the process gets what Ctrl-C sends.
 */
export function runNode(
  args: string[],
  interruptWhen: (stdout: string) => boolean | Promise<boolean> = () => false,
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd: repository,
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined, NODE_OPTIONS: undefined },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let stdout = ''
    let stderr = ''
    let interrupted = false
    child.stdout.setEncoding('utf8').on('data', async (text: string) => {
      stdout += text
      if (interrupted || !(await interruptWhen(stdout)) || interrupted) return
      interrupted = true
      child.kill('SIGINT')
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.once('error', reject)
    child.once('close', (exitCode) => resolve({ exitCode, stdout, stderr }))
  })
}
