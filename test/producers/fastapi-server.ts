import { fileURLToPath } from 'node:url'
import { freePort, type RunningServer, startProcess } from './process.ts'

const path = (file: string) => fileURLToPath(new URL(file, import.meta.url))

/** Starts the example of FastAPI together with routes that wait or go wrong. */
export async function startFastapi(python: string): Promise<RunningServer> {
  const port = await freePort()
  const args = ['-m', 'uvicorn', 'fastapi_faults:app', '--port', `${port}`]
  return startProcess(python, [...args, '--app-dir', path('.')], port, {
    PYTHONPATH: path('../../examples/servers/fastapi'),
    PYTHONDONTWRITEBYTECODE: '1',
  })
}

/** What the route of the example answers to the question of these tests. */
export const whole = 'Grüße aus 巴黎 👩‍💻: What is the weather in Paris?\n'
