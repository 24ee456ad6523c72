/** The answer that the mock provider gives, in pieces that naive readers trip over. */
export const pieces = ['Grüß', ' Gott,\n\n', 'data: {"not": "a frame"}', ' [DONE]', ' 👩🏽‍💻', '.']
export const text = pieces.join('')
/** What has come of it when the mock fails, on demand. */
export const partOfText = pieces.slice(0, 3).join('')
export const reasoning = 'A greeting.\nI greet back.'
export const thoughts = ['A greeting.', '\nI greet', ' back.']

export const toolCalls = [
  { id: 'call_1', name: 'weather', input: { city: 'Kōbe', days: 2 }, inputText: '' },
  { id: 'call_2', name: 'clock', input: { zone: null }, inputText: '' },
].map((call) => ({ ...call, inputText: JSON.stringify(call.input) }))

/** Cuts the arguments of a call where providers do: anywhere. */
export const cut = (json: string): string[] => [json.slice(0, 3), json.slice(3, 11), json.slice(11)]

export type AnswerKind = 'text' | 'tools'

/** One API of a provider, as it streams. */
export interface ProviderStream {
  /**
   * The frames of an answer; the second kind is the same text, then the tool calls. `turn` counts the
   * answers from 1.
   */
  frames(kind: AnswerKind, turn: number): string[]
  /** What comes instead of the rest when the provider fails while it streams. */
  failure: string
  failureMessage: string
  /** The body of a 401. */
  refusal: unknown
  refusalMessage: string
}
