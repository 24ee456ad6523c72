import type { SseEvent } from '../framing/sse.ts'
import { asText, parseJson } from '../wire-value.ts'
import type { Emit } from './format.ts'

/**
 * Knows the text of a frame that differs in nothing else from the one before, which nearly all do:
 * what stands around the text is compared, and not parsed again.
 */
export interface TextTemplate {
  /** The text of `frame`; `undefined` if the frame is not of the kind and has to be parsed. */
  read(frame: SseEvent): string | undefined
  /** Reads `frame` by `parse`. If a piece of text is all that it brings, it is the next template. */
  learn(frame: SseEvent, emit: Emit, parse: (emit: Emit) => void): void
}

/** After so many templates that fitted no frame, no more are made: each chunk has another id. */
const MAX_UNUSED = 16

/** How long a frame that becomes a template may be, in UTF-16 code units: a delta is short. */
const MAX_LENGTH = 8192

/** Shorter ones V8 copies. A longer one would keep the whole chunk alive that it was cut from. */
const MIN_SLICE_LENGTH = 13

/** What differs at random at the end of a frame, to hide how long it is: OpenAI's, and Anthropic's. */
const PADDING_KEY = '"obfuscation":"'
const PADDING_END = /^[\w+/=-]*"\}$/
const BLANKS_END = /^ *\}$/

/**
 * Only for decoders to which a frame that brought text, and nothing else, means the same with any
 * other text in it, as long as no other frame comes between.
 */
export function textTemplate(): TextTemplate {
  let type = ''
  /** The JSON up to the text's first character; `undefined` if there is no template. */
  let before: string | undefined
  /** The JSON behind the text, up to what differs at random, and what that may be. */
  let after = ''
  let end = BLANKS_END
  let unused = 0

  function keep({ data, type: name }: SseEvent, text: string): void {
    if (data.length > MAX_LENGTH) return
    const literal = `"${text}"`
    const at = data.indexOf(literal)
    // It must be certain where in the object the text stands: no escapes, nor the same once more.
    if (at < 1 || at !== data.lastIndexOf(literal) || data.includes('\\')) return
    const rest = data.slice(at + 1 + text.length)
    const padding = rest.indexOf(PADDING_KEY)
    type = name
    before = data.slice(0, at + 1)
    after =
      padding === -1 ? rest.slice(0, -1).trimEnd() : rest.slice(0, padding + PADDING_KEY.length)
    end = padding === -1 ? BLANKS_END : PADDING_END
    unused++
  }

  /** Whether the text of `data` may end at `stop`. */
  function endsAt(stop: number, data: string): boolean {
    const rest = stop + after.length
    if (data.slice(stop, rest) !== after) return false
    return end.test(data.slice(rest))
  }

  return {
    read({ data, type: name }) {
      // V8 compares slices several times as quickly as `startsWith` does.
      if (before === undefined || name !== type || data.slice(0, before.length) !== before) {
        return undefined
      }
      const start = before.length
      let stop = data.indexOf('"', start)
      // Not at the first quote: there may be an escaped one in the text.
      if (!endsAt(stop, data)) stop = data.lastIndexOf(after)
      if (!endsAt(stop, data)) return undefined
      unused = 0
      const text = data.slice(start, stop)
      if (text.length < MIN_SLICE_LENGTH && isVerbatim(text)) return asText(text)
      return asText(parseJson(data.slice(start - 1, stop + 1)))
    },
    learn(frame, emit, parse) {
      before = undefined
      if (unused > MAX_UNUSED) return parse(emit)
      let only: string | undefined
      let count = 0
      parse((event) => {
        count++
        only = typeof event === 'string' ? event : undefined
        emit(event)
      })
      if (count === 1 && only !== undefined) keep(frame, only)
    },
  }
}

/** Whether text of a JSON string is what it means: no escape, nor what JSON forbids. */
function isVerbatim(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code < 32 || code === 34 || code === 92) return false
  }
  return true
}
