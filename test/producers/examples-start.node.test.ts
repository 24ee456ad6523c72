import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'
import { askAt } from './ask.ts'
import { freePort, startProcess } from './process.ts'

it.each([
  ['ai-sdk.ts', 'Hello from the AI SDK.', 'stop', 5],
  ['ai-sdk-text.ts', 'Hello from the AI SDK.', 'unknown', undefined],
  ['ag-ui.ts', 'Hello from an agent.', 'stop', 4],
  ['langgraph.ts', 'Hello from a graph.', 'unknown', undefined],
])('the example %s runs without a key', async (file, text, finishReason, outputTokens) => {
  const example = fileURLToPath(new URL(`../../examples/servers/${file}`, import.meta.url))
  const port = await freePort()
  const server = await startProcess(process.execPath, [example], port, { PORT: `${port}` })
  onTestFinished(server.stop)
  const { done } = await askAt(server.url)
  expect(done).toMatchObject({ finishReason, text })
  expect(done.usage?.outputTokens).toBe(outputTokens)
})
