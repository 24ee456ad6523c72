import { type Answer, demoAnswer, tokens } from './answer.ts'

/** Questions to which the demo's model has an answer of its own. */
export const hints = {
  weather: 'What is the weather in Paris?',
  count: 'Count to 5,000',
  hostile: 'Try to break my page',
} as const

const ending = `You cannot know it from the **connection**: it closes in the same way after a whole answer and after half of one. You know it from two things that the server says.

| What arrives | What it means |
| --- | --- |
| a finish reason | the model stopped, and why |
| the end marker | nothing was lost on the way |
| neither | the answer was cut off |

If neither comes, show what you have, and *say* that it is not all.`

const stopping = `Stopping is the reader's right, so it has to work at once:

\`\`\`js
const stream = streamChat({ url: '/api/chat', json, signal })
for await (const event of stream) {
  if (event.type === 'text') show(event.text)
}
\`\`\`

Abort the signal, or just leave the loop. The connection is closed, the server notices, and **no more tokens are paid for**. What had arrived stays. 🛑`

/** What a page must never run. A model repeats what it has read, and anybody can write that. */
export const hostile = `Here is what a page that trusts markdown would run:

<script>window.hacked = 'script'</script>

<img src="x" onerror="window.hacked = 'image'">

[a link](javascript:window.hacked='link') and <a href="javascript:alert(1)" onclick="window.hacked = 'click'">another</a>

<iframe src="https://example.com/"></iframe><style>body { display: none }</style>

You should see **this sentence**, two links that lead nowhere, and nothing else.`

const sources = [
  {
    url: 'https://html.spec.whatwg.org/multipage/server-sent-events.html',
    title: 'HTML: Server-sent events',
  },
  { url: 'https://fetch.spec.whatwg.org/', title: 'Fetch' },
]

const laterAnswers: readonly Answer[] = [
  said(ending, 'They ask about the end. A table will do, and my sources.', sources),
  said(stopping, 'Now about stopping. An example says more than a paragraph.'),
]

function said(text: string, reasoning = '', cited: Answer['sources'] = []): Answer {
  return { reasoning: tokens(reasoning), text: tokens(text), sources: cited, inputTokens: 40 }
}

/** What a conversation comes down to for this model. */
export interface Conversation {
  /** How many questions were asked. */
  turn: number
  question: string
  /** The result of a tool, if that is what the model was sent last. */
  toolOutput: unknown
}

/** Reads the body of a chat request, `{ messages }`, without trust in it. */
export function readConversation(body: string): Conversation {
  const messages = list(field(parse(body), 'messages'))
  const asked = messages.filter((message) => field(message, 'role') === 'user')
  const last = asked.at(-1)
  const question = field(last, 'text') ?? field(last, 'content')
  const outputs = list(field(messages.at(-1), 'parts')).map((part) => field(part, 'output'))
  return {
    turn: asked.length,
    question: typeof question === 'string' ? question : '',
    toolOutput: outputs.find((output) => output !== undefined),
  }
}

/** @param hasTools - Whether the answer may call a tool. */
export function answerTo({ turn, question, toolOutput }: Conversation, hasTools: boolean): Answer {
  if (toolOutput !== undefined) {
    return said(`The tool says: **${JSON.stringify(toolOutput)}**. So take a light jacket. 🧥`)
  }
  const count = /\bcount to ([\d,]+)/i.exec(question)?.[1]?.replaceAll(',', '')
  if (count !== undefined) {
    const numbers = Array.from({ length: Math.min(Number(count), 20_000) }, (_, n) => `${n + 1} `)
    return { reasoning: [], text: numbers, sources: [], inputTokens: 12 }
  }
  if (/\bweather\b/i.test(question)) {
    if (!hasTools) return said('I have no tools in this format, so look out of the window. 🪟')
    const input = ['{"city"', ':"Par', 'is"}']
    const call = { id: `call_${turn}`, name: 'get_weather', input }
    return { ...said('', 'I cannot know that. There is a tool for it.'), call }
  }
  if (/\bbreak my page\b/i.test(question)) return said(hostile)
  return laterAnswers[(turn - 2) % 3] ?? demoAnswer
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  return Object.getOwnPropertyDescriptor(value, name)?.value
}
