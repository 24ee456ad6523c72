import type { SseEvent } from '../framing/sse.ts'
import { asText, isObject, parseJson } from '../wire-value.ts'
import { anthropic } from './anthropic.ts'
import type { WireDecoder, WireEvent, WireFormat } from './format.ts'
import { emitText, isKeepalive } from './frames.ts'
import { openaiChat } from './openai-chat.ts'
import { plain } from './plain.ts'

/**
 * Tells the format from the first payload. It can change its mind as long as nothing of the answer
 * itself has come: a server may send frames of its own before it passes a provider's on.
 */
export const auto: WireFormat = { name: 'auto', decoder: decodeAuto }

const ANTHROPIC_TYPE =
  /^(?:message_(?:start|delta|stop)|content_block_(?:start|delta|stop)|completion|ping|message|vertex_event)$/

/** Which format a payload is of; `undefined` if it is of no particular one. */
function detect(payload: unknown): WireFormat | undefined {
  if (!isObject(payload)) return undefined
  const { type, object, error } = payload
  if (Array.isArray(payload['choices']) || object === 'chat.completion.chunk') return openaiChat
  if (typeof type === 'string' && ANTHROPIC_TYPE.test(type)) {
    // `message` and `completion` are also words of hand-written frames.
    const isOwn = /^(?:message|completion)$/.test(type)
    if (!isOwn || Array.isArray(payload['content']) || 'completion' in payload) return anthropic
  }
  if (type === 'error' && isObject(error)) return anthropic
  if (object === 'error' || (isObject(error) && asText(type) === undefined)) return openaiChat
  return undefined
}

function decodeAuto(): WireDecoder {
  let format: WireFormat = plain
  let decoder = plain.decoder()
  /** Whether the format can no longer change. */
  let isSettled = false

  function choose(frame: SseEvent): void {
    if (isKeepalive(frame)) return
    const detected = detect(parseJson(frame.data))
    if (detected === undefined || detected === format) return
    format = detected
    decoder = detected.decoder()
  }

  return {
    marksEnd() {
      return decoder.marksEnd()
    },
    push(frame, emit) {
      if (isSettled) return decoder.push(frame, emit)
      choose(frame)
      decoder.push(frame, (event: WireEvent) => {
        const isPrelude =
          typeof event === 'object' && /^(?:data|facts|source|reasoning)$/.test(event.type)
        if (!isPrelude) isSettled = true
        emit(event)
      })
    },
    pushText: emitText,
    end(emit) {
      decoder.end(emit)
    },
  }
}
