/** What the demo's model says, and the pieces in which it says it. */

export const question = 'How does an answer get from the model to my screen?'

export const reasoning = `The reader wants to know what happens between the model and the screen. I should name each stop on the way and what can go wrong there. One example in Chinese, one in Japanese and a few emoji will show where characters are torn. I must not forget the end of the stream: that is where most programs are wrong.`

export const answer = `## From the model to your screen

A language model writes one **token** at a time, and the server sends each of them on as soon as it exists. That is why you can start to read after one second instead of twenty. ⏱️

The way is short, but every stop has a trap of its own:

1. **The model** picks the next token. A token is not a word: \`streaming\` may come as \`stream\` and \`ing\`.
2. **The server** wraps it in a frame, such as \`data: {"text":"Hel"}\`.
3. **The network** knows nothing about frames. It cuts the bytes where it likes, also inside 你 or 🚀, which take three and four of them.
4. **Your page** puts it all together again and draws it.

Languages differ in where a word ends. Chinese writes no spaces: 人工智能正在改变我们写作和阅读的方式。Nor does Japanese: 文字は一つずつ画面に届きます。And some pictures are made of several characters: 👩🏽‍💻 of four, 👨‍👩‍👧‍👦 of seven, the flag 🇯🇵 of two. Tear one apart, and the reader sees a stranger.

The hardest question comes last: *is it over?* A connection that closes proves nothing. Perhaps a proxy gave up, a laptop fell asleep or a server restarted, and half an answer looks just like a whole one. So a careful client waits for

- the reason why the model stopped,
- the end marker of the format,
- and, when one of them never comes, an error that says so.

The rules of the frames are public and surprisingly short: [the event stream format](https://html.spec.whatwg.org/multipage/server-sent-events.html). Read them once over a cup of tea ☕ and you will see every chat window with other eyes. ✨`

/** A call of a tool that the caller has to run: it ends the answer. */
export interface AnswerCall {
  id: string
  name: string
  /** Its arguments, a JSON text in pieces. */
  input: string[]
}

/** One answer as a model produces it: a list of tokens for each part. */
export interface Answer {
  reasoning: string[]
  text: string[]
  call?: AnswerCall
  sources: { url: string; title: string }[]
  inputTokens: number
}

/** How many tokens the model wrote, for formats that show its reasoning. */
export function outputTokens({ reasoning, text, call }: Answer): number {
  return reasoning.length + text.length + (call?.input.length ?? 0)
}

/**
 * Cuts a text as models do: a word in one or two pieces, the space in front of its word, and each
 * picture or Chinese or Japanese character on its own. So emoji that are made of several characters
 * come in several tokens, as they really do.
 */
export function tokens(text: string): string[] {
  const alone = String.raw`\p{Extended_Pictographic}\p{Regional_Indicator}\p{sc=Han}\p{sc=Hira}`
  return text.match(new RegExp(String.raw`\s*(?:[${alone}]|[^\s${alone}]{1,7})|\s+`, 'gu')) ?? []
}

export const demoAnswer: Answer = {
  reasoning: tokens(reasoning),
  text: tokens(answer),
  sources: [],
  inputTokens: 28,
}
