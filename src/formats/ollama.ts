import { asArray, asNumber, asObject, asText, valueAt, type WireObject } from '../wire-value.ts'
import { emitData, emitError, emitFile, emitReasoning, emitText, readHead } from './emit.ts'
import type { Emit, WireFormat } from './format.ts'
import { emitFinish, isFault, type ObjectReader, objectFormat } from './frames.ts'
import { endCall, feedCall, inputTextOf, newCall } from './tool-calls.ts'
import { usageOf } from './usage.ts'

/**
 * Ollama's own API, `/api/chat` and `/api/generate`: lines of JSON, the same objects in an event
 * stream, or one whole answer.
 *
 * End marker: the object with `done: true`.
 * @see https://docs.ollama.com/api/chat (read 2026-11-21)
 */
export const ollama: WireFormat = /* @__PURE__ */ objectFormat('Ollama', readAnswer)

function readAnswer(): ObjectReader {
  const head = {}
  let callCount = 0

  /** A call comes whole, its arguments as an object. Older servers give it no id. */
  function readCall(value: unknown, emit: Emit): void {
    const described = asObject(valueAt(value, 'function'))
    if (described === undefined) return
    callCount++
    const call = newCall(asText(valueAt(value, 'id')) ?? `call-${callCount}`)
    feedCall(call, described['name'], inputTextOf(described['arguments']), emit)
    endCall(call, emit)
  }

  /** Reads what a line adds to the answer; `false` if it is a line of another kind. */
  function readPiece(payload: WireObject, emit: Emit): boolean {
    // A chat answer stands in `message`, a generated one in the line itself.
    const message = asObject(payload['message'])
    const answer = message ?? payload
    const text = message === undefined ? payload['response'] : message['content']
    emitReasoning(answer['thinking'], emit)
    emitText(text, emit)
    for (const image of asArray(answer['images'])) readImage(image, emit)
    const hasImage = readImage(answer['image'], emit)
    for (const call of asArray(answer['tool_calls'])) readCall(call, emit)
    return message !== undefined || typeof (text ?? answer['thinking']) === 'string' || hasImage
  }

  function readEnd(payload: WireObject, emit: Emit): void {
    // The reason is `stop` also where the model stopped to have tools called.
    emitFinish(asText(payload['done_reason']), callCount > 0 ? 'tool-calls' : 'stop', emit)
    // The input is left out when the prompt was cached: then there is no total.
    const inputTokens = asNumber(payload['prompt_eval_count'])
    const outputTokens = asNumber(payload['eval_count'])
    const cachedInputTokens = asNumber(payload['prompt_eval_cached_count'])
    if ((inputTokens ?? outputTokens) !== undefined) {
      const counts = { inputTokens, outputTokens, cachedInputTokens }
      emit({ type: 'facts', usage: usageOf(payload, counts) })
    }
    emit({ type: 'complete' })
  }

  return {
    read(payload, frame, emit) {
      readHead(head, undefined, payload['model'], emit)
      const isAnswer = readPiece(payload, emit)
      if (isFault(payload) || frame.type === 'error') return emitError(payload, emit)
      if (payload['done'] === true) return readEnd(payload, emit)
      if (!isAnswer) emitData(frame.type, payload, emit)
    },
    // Nothing is held: calls come whole, and so does the reason to finish.
    done(emit) {
      if (callCount > 0) emit({ type: 'facts', finishReason: 'tool-calls' })
    },
  }
}

/** An image comes as bare base64; its first characters tell the type. */
function readImage(value: unknown, emit: Emit): boolean {
  const base64 = asText(value)
  const type = /^(?:(\/9j\/)|(UklGR))?/.exec(base64 ?? '')
  return emitFile(
    { base64, mediaType: `image/${type?.[1] ? 'jpeg' : type?.[2] ? 'webp' : 'png'}` },
    emit,
  )
}
