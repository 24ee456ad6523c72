// npm run demo [-- --once] [--port N] [--format F] [--speed S]
import { parseArgs, styleText } from 'node:util'
import { type ChatResult, streamChat } from '../src/index.ts'
import { answer, question } from './answer.ts'
import { formats } from './formats/index.ts'
import { type DemoServer, type DemoServerOptions, startServer } from './server.ts'

const { values: options } = parseArgs({
  options: {
    once: { type: 'boolean', default: false },
    port: { type: 'string', default: '8787' },
    format: { type: 'string', default: 'anthropic' },
    speed: { type: 'string', default: 'model' },
  },
})

/** Builds the page while the terminal part plays; who asks for it earlier waits. */
function pageInBackground(): Required<Pick<DemoServerOptions, 'page'>> & {
  ready: Promise<unknown>
} {
  const ready = import('./page-server.ts').then(({ servePage }) => servePage())
  return { ready, page: async (request, response) => (await ready)(request, response) }
}

/** Where the examples look for the demo; if something else is there, any free port will do. */
async function startOn(port: number, serverOptions: DemoServerOptions): Promise<DemoServer> {
  try {
    return await startServer({ ...serverOptions, port })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    console.log(`Port ${port} is taken, so the demo takes a free one.`)
    return startServer(serverOptions)
  }
}

const dim = (text: string): string => styleText('dim', text)

/** Streams one answer from a real socket into the terminal. */
async function printAnswer(url: string, signal: AbortSignal): Promise<ChatResult | undefined> {
  let before: string | undefined
  const json = { messages: [{ role: 'user', content: question }] }
  for await (const event of streamChat({ url, json, signal, buffer: 'word' })) {
    if (event.type === 'done') return event
    if (event.type !== 'text' && event.type !== 'reasoning') continue
    if (before !== undefined && before !== event.type) process.stdout.write('\n\n')
    before = event.type
    process.stdout.write(event.type === 'text' ? event.text : dim(event.text))
  }
  return undefined
}

function printSummary({ finishReason, rawFinishReason, text, usage, timing, error }: ChatResult) {
  const ms = (value: number | undefined): string =>
    value === undefined ? 'none' : `${Math.round(value).toLocaleString('en')} ms`
  const rows = [
    ['finish reason', finishReason + (rawFinishReason ? ` (${rawFinishReason})` : '')],
    ['characters', text.length.toLocaleString('en')],
    ['tokens', usage ? `${usage.inputTokens} in, ${usage.outputTokens} out` : 'not reported'],
    ['time to first text', ms(timing.firstTextMs)],
    ['total', ms(timing.totalMs)],
    ...(error ? [['error', `${error.code}: ${error.message}`]] : []),
  ]
  console.log('\n')
  for (const [name = '', value] of rows) console.log(`${dim(name.padEnd(20))}${value}`)
}

const { ready, ...pageOption } = options.once ? { ready: undefined } : pageInBackground()
const server = await startOn(Number(options.port), pageOption)
const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())

const { format, speed } = options
const url = `${server.url}/api/chat?${new URLSearchParams({ format, speed })}`
console.log(dim(`${formats.get(format)?.label ?? format}, cut at random bytes, from ${url}`))
console.log(`\n${styleText('bold', question)}\n`)
const result = await printAnswer(url, stop.signal)
if (result) printSummary(result)

if (stop.signal.aborted) {
  process.exitCode = 130
} else if (options.once) {
  process.exitCode = result?.text === answer && !result.error ? 0 : 1
} else {
  await ready
  console.log('\nThe same in your browser, with buttons that break it (Ctrl-C ends the demo):')
  console.log(`${server.url}/`)
  if (!stop.signal.aborted) {
    await new Promise((resolve) => stop.signal.addEventListener('abort', resolve, { once: true }))
  }
}
await server.close()
