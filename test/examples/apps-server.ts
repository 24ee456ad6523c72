import { readFile } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { writeChat } from 'chatwire/server'

/** What the apps are asked; how the answer comes is up to the question. */
export const questions = {
  /** Answered in two halves; the second waits for {@link AppServer.goOn}. */
  halves: 'In two halves, please',
  /** Answered in part; then nothing comes until the reader leaves. */
  endless: 'Never stop',
  /** Fails in the middle, the first time it is asked. */
  failing: 'Fail once',
}

/** The halves of the long answer: more than a window is high, with Markdown and with malice. */
export const halves: readonly [string, string] = [
  lines(1, 60),
  `${lines(61, 120)}Some **bold** words.\n\n<img src="/api/stolen" onerror="document.title = 'stolen'">`,
]

/** What the failing answer brings before it fails, and what it is when it does not. */
export const part = 'Half an'
export const whole = `${part} answer is one whole answer.`

function lines(from: number, to: number): string {
  return Array.from({ length: to - from + 1 }, (_, i) => `Line ${from + i}.\n\n`).join('')
}

export interface AppServer {
  url: string
  /** The paths below /api/ that were asked for, and the questions; each test begins with none. */
  asked: string[]
  /** How many endless answers were left by their readers. */
  left: number
  /** Lets the second half come. */
  goOn(): void
  close(): Promise<void>
}

/** Serves what was built into `folder`, and a chat for it. */
export async function startAppServer(folder: string): Promise<AppServer> {
  let goOn = (): void => {}
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1')
    if (!pathname.startsWith('/api/')) return sendFile(response, folder + pathname)
    const body = request.method === 'POST' ? await json(request) : undefined
    const question = lastTextOf(body)
    app.asked.push(`${pathname} ${question}`)
    await writeChat(answer(question), response)
  })

  async function* answer(question: string): AsyncGenerator<string, void, undefined> {
    if (question === questions.halves) {
      const released = new Promise<void>((resolve) => {
        goOn = resolve
      })
      yield* pieces(halves[0])
      await released
      yield* pieces(halves[1])
    } else if (question === questions.endless) {
      try {
        for (let i = 1; ; i++) {
          yield `${i} `
          await new Promise((resolve) => setTimeout(resolve, 5))
        }
      } finally {
        app.left += 1
      }
    } else {
      yield* pieces(part)
      if (app.asked.length === 1) throw new Error('The model fell asleep')
      yield* pieces(whole.slice(part.length))
    }
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const app: AppServer = {
    url: `http://127.0.0.1:${port}`,
    asked: [],
    left: 0,
    goOn: () => goOn(),
    close() {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
  return app
}

/** What a model writes at a time. */
function pieces(text: string): string[] {
  return text.match(/[\s\S]{1,6}/g) ?? []
}

/** The text of the last message in `{ messages }`. */
function lastTextOf(body: unknown): string {
  const { messages = [] } = Object(body) as { messages?: { text?: string }[] }
  return messages.at(-1)?.text ?? ''
}

const types: ReadonlyMap<string, string> = new Map([
  ['html', 'text/html; charset=utf-8'],
  ['js', 'text/javascript; charset=utf-8'],
])

async function sendFile(response: ServerResponse, path: string): Promise<void> {
  const file = path.endsWith('/') ? `${path}index.html` : path
  const content = await readFile(file).catch(() => undefined)
  if (content === undefined) response.writeHead(404).end()
  else response.setHeader('content-type', types.get(file.replace(/.*\./, '')) ?? '').end(content)
}
