/** Hands on a piece of what was read. */
export type Take = (piece: string) => void

export interface Reader {
  name: string
  /**
   * Reads a response to its end and hands on what is in it, piece by piece. A reader that gives an
   * account of the whole as well resolves to that.
   */
  read(response: Response, take: Take): Promise<string | undefined>
  /** What it hands on: the answer's text, or the data of the events if it looks no deeper. */
  returns: 'text' | 'data'
}

/** What an application makes of the data of an event. */
export type Extract = (data: string) => string

export function bodyOf(response: Response): ReadableStream<Uint8Array<ArrayBuffer>> {
  if (!response.body) throw new Error('The response has no body.')
  return response.body
}

export const url = 'http://127.0.0.1/chat'

/** Nothing goes over the network: a library that wants to fetch is given the prepared response. */
export const fetchOf = (response: Response) => (): Promise<Response> => Promise.resolve(response)
