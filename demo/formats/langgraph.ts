import { outputTokens } from '../answer.ts'
import { type DemoFormat, eventStream, named } from './format.ts'

/** A piece of the model's message, with where in the graph it was written. */
function piece(content: unknown, rest: object = {}): string {
  const chunk = {
    type: 'AIMessageChunk',
    id: 'run-demo',
    content,
    tool_calls: [],
    tool_call_chunks: [],
    ...rest,
  }
  return named('messages', [chunk, { langgraph_node: 'agent' }])
}

const argument = (args: string, rest: object = {}): string =>
  piece('', { tool_call_chunks: [{ index: 0, args, ...rest }] })

/** LangGraph's server in the stream mode `messages-tuple`. It just ends, and has no sources. */
export const langgraph: DemoFormat = {
  label: 'LangGraph',
  contentType: eventStream,
  hasTools: true,
  frames: (answer) => {
    const { reasoning, text, call, inputTokens } = answer
    const output = outputTokens(answer)
    return [
      named('metadata', { run_id: 'run-demo', attempt: 1 }),
      ...reasoning.map((thought) => piece([{ type: 'reasoning', reasoning: thought, index: 0 }])),
      ...text.map((content) => piece(content)),
      ...(call
        ? [
            argument('', { id: call.id, name: call.name }),
            ...call.input.map((args) => argument(args)),
          ]
        : []),
      piece('', {
        response_metadata: { finish_reason: call ? 'tool_calls' : 'stop' },
        usage_metadata: {
          input_tokens: inputTokens,
          output_tokens: output,
          total_tokens: inputTokens + output,
        },
      }),
    ]
  },
  errorFrame: named('error', { error: 'Error', message: 'The graph failed.' }),
  unauthorized: { detail: 'Not authenticated' },
}
