import type { Emit, WireEvent, WireFormat } from './format.ts'

const OPEN = '<think>'
const CLOSE = '</think>'

/**
 * Reads text between `<think>` and `</think>` as reasoning, wherever it is cut. Some local models
 * put their reasoning like this into the text, so it is an option and no default: an answer may
 * well be about these very tags.
 *
 * @example
 * streamChat({ url: '/v1/chat/completions', json, format: thinkTags(openaiChat) })
 */
export function thinkTags(format: WireFormat): WireFormat {
  return {
    ...format,
    name: `${format.name} with think tags`,
    decoder() {
      const inner = format.decoder()
      let held = ''
      let isThinking = false

      function handOn(text: string, emit: Emit): void {
        if (text !== '') emit(isThinking ? { type: 'reasoning', text } : text)
      }

      function take(text: string, emit: Emit): void {
        held += text
        for (;;) {
          const tag = isThinking ? CLOSE : OPEN
          const at = held.indexOf(tag)
          if (at === -1) {
            const keep = overlap(held, tag)
            handOn(held.slice(0, held.length - keep), emit)
            held = held.slice(held.length - keep)
            return
          }
          handOn(held.slice(0, at), emit)
          held = held.slice(at + tag.length)
          isThinking = !isThinking
        }
      }

      function flush(emit: Emit): void {
        handOn(held, emit)
        held = ''
      }

      const split = (emit: Emit) => (event: WireEvent) => {
        if (typeof event === 'string') return take(event, emit)
        const isAside = event.type === 'data' || ('choice' in event && event.choice !== undefined)
        if (event.type !== 'facts' && !isAside) flush(emit)
        emit(event)
      }

      return {
        marksEnd() {
          return inner.marksEnd()
        },
        push: (frame, emit, parsed) => inner.push(frame, split(emit), parsed),
        ...(inner.pushText && {
          pushText: (text: string, emit: Emit) => inner.pushText?.(text, split(emit)),
        }),
        end(emit) {
          inner.end(split(emit))
          flush(emit)
        },
      }
    },
  }
}

/** How many characters at the end of `text` may be the start of `tag`. */
function overlap(text: string, tag: string): number {
  for (let length = Math.min(tag.length - 1, text.length); length > 0; length--) {
    if (text.endsWith(tag.slice(0, length))) return length
  }
  return 0
}
