import { outputTokens } from '../answer.ts'
import { type DemoFormat, data, eventStream, type Payload } from './format.ts'

const run = { threadId: 'thread-demo', runId: 'run-demo' }

function thoughts(pieces: string[]): Payload[] {
  const messageId = 'reasoning-demo'
  if (pieces.length === 0) return []
  return [
    { type: 'REASONING_START', messageId },
    { type: 'REASONING_MESSAGE_START', messageId, role: 'reasoning' },
    ...pieces.map((delta) => ({ type: 'REASONING_MESSAGE_CONTENT', messageId, delta })),
    { type: 'REASONING_MESSAGE_END', messageId },
    { type: 'REASONING_END', messageId },
  ]
}

function message(pieces: string[]): Payload[] {
  const messageId = 'msg-demo'
  if (pieces.length === 0) return []
  return [
    { type: 'TEXT_MESSAGE_START', messageId, role: 'assistant' },
    ...pieces.map((delta) => ({ type: 'TEXT_MESSAGE_CONTENT', messageId, delta })),
    { type: 'TEXT_MESSAGE_END', messageId },
  ]
}

/** AG-UI. It has no event for sources. */
export const agui: DemoFormat = {
  label: 'AG-UI',
  contentType: eventStream,
  hasTools: true,
  frames: (answer) => {
    const { reasoning, text, call, inputTokens } = answer
    const id = call && { toolCallId: call.id }
    const events: Payload[] = [
      { type: 'RUN_STARTED', ...run },
      ...thoughts(reasoning),
      ...message(text),
      ...(call
        ? [
            { type: 'TOOL_CALL_START', ...id, toolCallName: call.name },
            ...call.input.map((delta) => ({ type: 'TOOL_CALL_ARGS', ...id, delta })),
            { type: 'TOOL_CALL_END', ...id },
          ]
        : []),
      {
        type: 'RUN_FINISHED',
        ...run,
        usage: [{ model: 'demo-model', inputTokens, outputTokens: outputTokens(answer) }],
      },
    ]
    return events.map(data)
  },
  errorFrame: data({ type: 'RUN_ERROR', message: 'The agent failed.', code: 'internal' }),
  unauthorized: { error: 'Unauthorized' },
}
