import { setTimeout as wait } from 'node:timers/promises'
import { sse } from '../../helpers/encode.ts'
import { rawChunk, rawHead } from '../../helpers/server.ts'
import { delta, finish } from '../../transport/feed.ts'
import { lost, type Scenario } from '../harness.ts'
import { answer } from '../secrets.ts'
import { closes, head, resets, tcp } from '../serve.ts'

const said = sse([{ text: answer }])
/** Of a format that marks its end. */
const marked = sse([delta(answer)])
const counting = Array.from({ length: 200 }, (_, index) => `${index},`).join('')

/** A connection that is reset in the middle of the body. */
export const resetting: readonly Scenario[] = [
  {
    rule: 'between two chunks keeps the text before it',
    serve: resets(head, rawChunk(said)),
    expected: lost('network'),
    error: { cause: (cause: unknown) => cause instanceof Error },
  },
  {
    rule: 'inside a chunk lets out no part of a frame',
    serve: resets(head, rawChunk(said), 'ff\r\ndata: {"text":"never'),
    expected: lost('network'),
  },
  {
    rule: 'inside a character lets out no half of it',
    serve: resets(head, rawChunk(said), 'ff\r\n', Buffer.from('data: {"text":"é').subarray(0, -1)),
    expected: lost('network'),
  },
  {
    rule: 'between CR and LF keeps the frame before it',
    serve: resets(head, rawChunk(said.replaceAll('\n', '\r\n').slice(0, -1))),
    expected: lost('network'),
  },
  {
    rule: 'after the line of a frame, before its blank line, does not let it out',
    serve: resets(head, rawChunk(said), rawChunk('data: {"text":"never"}\n')),
    expected: lost('network'),
  },
  {
    rule: 'right after the headers is an error without text',
    serve: resets(head),
    expected: ['error network', 'done error: '],
  },
  {
    rule: 'after the finish reason ends with that reason',
    serve: resets(head, rawChunk(sse([delta(answer), finish('length')]))),
    expected: [`text ${answer}`, `done length: ${answer}`],
  },
  {
    rule: 'after the end marker is no fault',
    serve: resets(head, rawChunk(sse([{ text: answer }, '[DONE]']))),
    expected: [`text ${answer}`, `done stop: ${answer}`],
  },
  {
    rule: 'inside a tool call keeps the pieces that came, and calls nothing',
    serve: resets(
      head,
      rawChunk(
        sse([
          delta(answer),
          {
            object: 'chat.completion.chunk',
            choices: [
              {
                index: 0,
                delta: {
                  tool_calls: [
                    { index: 0, id: 'call_1', function: { name: 'cook', arguments: '{"eggs":' } },
                  ],
                },
              },
            ],
          },
        ]),
      ),
    ),
    expected: [
      `text ${answer}`,
      'tool-call-delta',
      'tool-call-delta',
      'error network',
      `done error: ${answer}`,
    ],
  },
  {
    rule: 'while events wait unread delivers all of them, then the error',
    serve: tcp(async (socket) => {
      socket.write(head)
      const frames = [{ text: answer }, { reasoning: 'Hm' }, { text: ' the' }, { text: 're' }]
      for (const frame of frames) {
        socket.write(rawChunk(sse([frame])))
        await wait(20)
      }
      await wait(40)
      socket.resetAndDestroy()
    }),
    act: ({ type }) => (type === 'text' ? wait(400) : undefined),
    expected: [
      `text ${answer}`,
      'reasoning Hm',
      'text  there',
      'error network',
      `done error: ${answer} there`,
    ],
  },
  {
    rule: 'while the consumer of a large answer sleeps loses nothing of what was read',
    serve: tcp(async (socket) => {
      socket.write(head)
      for (const text of counting.split(/(?<=,)/)) socket.write(rawChunk(sse([{ text }])))
      await wait(100)
      socket.resetAndDestroy()
    }),
    act: ({ type }) => (type === 'text' ? wait(200) : undefined),
    expected: [`text ${counting}`, 'error network', `done error: ${counting}`],
    anyPieces: true,
  },
]

/** A body that ends before it should. */
export const ending: readonly Scenario[] = [
  {
    rule: 'without the last chunk is a network error',
    serve: closes(head, rawChunk(said)),
    expected: lost('network'),
  },
  {
    rule: 'inside a chunk is a network error',
    serve: closes(head, rawChunk(said), 'ff\r\ndata: {"te'),
    expected: lost('network'),
  },
  {
    rule: 'with a bad chunk size is a network error',
    serve: closes(head, rawChunk(said), 'zz\r\nwhat\r\n'),
    expected: lost('network'),
  },
  {
    rule: 'with a bad chunk size before more of the answer shows none of it in the error',
    serve: closes(head, rawChunk(said), `zz\r\n${said}\r\n`),
    expected: lost('network'),
  },
  {
    rule: 'before its Content-Length is a network error',
    serve: closes(rawHead('content-length: 1000'), said),
    expected: lost('network'),
  },
  {
    rule: 'by a Content-Length that is too short is truncated',
    serve: closes(
      rawHead(`content-length: ${marked.length + 5}`),
      sse([delta(answer), finish('stop'), '[DONE]']),
    ),
    expected: lost('truncated'),
  },
  {
    rule: 'with the connection, inside a frame, is truncated and keeps the rest as pending',
    serve: closes(rawHead('connection: close'), `${marked}data: {"choices"`),
    expected: lost('truncated'),
    error: { pending: '{"choices"' },
  },
  {
    rule: 'with the connection, between two frames, is truncated',
    serve: closes(rawHead('connection: close'), marked),
    expected: lost('truncated'),
    error: { pending: undefined },
  },
  {
    rule: 'with the connection, before a byte came, is truncated',
    serve: closes(rawHead('connection: close')),
    expected: ['error truncated', 'done error: '],
  },
  {
    rule: 'as chunked transfer has it, but without marker, is truncated',
    serve: closes(head, rawChunk(marked), '0\r\n\r\n'),
    expected: lost('truncated'),
  },
  {
    rule: 'without a marker, where the format has none, has no known reason',
    serve: closes(head, rawChunk(said), '0\r\n\r\n'),
    expected: [`text ${answer}`, `done unknown: ${answer}`],
  },
  {
    rule: 'without a marker is truncated with requireEnd, also where the format has none',
    serve: closes(head, rawChunk(said), '0\r\n\r\n'),
    init: { requireEnd: true },
    expected: lost('truncated'),
  },
]
