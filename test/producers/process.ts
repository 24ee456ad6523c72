import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

/**
 * The first program of this name on the path with which `args` succeed: of several Pythons, say, the
 * one that has a module. Without one, the tests that need it are skipped and it is said why; with
 * `CI_SERVERS=required` in the environment that is a failure.
 */
export function findProgram(name: string, args: string[], hint: string): string | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const program = join(folder, name)
    if (existsSync(program) && spawnSync(program, args).status === 0) return program
  }
  const reason = `\`${name} ${args.join(' ')}\` fails: ${hint}`
  if (process.env['CI_SERVERS'] === 'required') throw new Error(reason)
  console.warn(`Skipped, as ${reason}`)
  return undefined
}

export function findPython(): string | undefined {
  return findProgram('python3', ['-c', 'import fastapi, uvicorn'], 'install python3-fastapi.')
}

/** A port of 127.0.0.1 that is free, and that no outgoing connection of another test will get. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000)
    const server = createServer().listen(port, '127.0.0.1')
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    )
    server.close()
    if (isFree) return port
  }
}

export interface RunningServer {
  url: string
  /** Ends the process and waits until it is gone. */
  stop(): Promise<void>
}

/** Starts a server that is to listen on `port`, and waits until it does: twenty seconds at most. */
export async function startProcess(
  program: string,
  args: string[],
  port: number,
  env: Record<string, string> = {},
): Promise<RunningServer> {
  const child = spawn(program, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const exited = once(child, 'exit')
  const deadline = Date.now() + 20_000
  while (!(await listens(port))) {
    const hasEnded = child.exitCode !== null || child.signalCode !== null
    if (!hasEnded && Date.now() < deadline) {
      await wait(20)
      continue
    }
    await stop(child, exited)
    throw new Error(`${program} does not listen on port ${port}: ${stderr}`)
  }
  return { url: `http://127.0.0.1:${port}`, stop: () => stop(child, exited) }
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** Asks a server to end, so that it ends its own workers, too; one that takes too long is killed. */
async function stop(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
  const impatience = setTimeout(() => child.kill('SIGKILL'), 5000)
  child.kill('SIGTERM')
  await exited
  clearTimeout(impatience)
}
