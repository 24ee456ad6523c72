import { providerError } from '../provider-error.ts'
import {
  asArray,
  asNumber,
  asObject,
  asText,
  defined,
  isObject,
  type WireObject,
} from '../wire-value.ts'
import type { WireDecoder, WireEvent, WireFormat } from './format.ts'
import { DONE, emitText, finishReasonOf, isKeepalive, malformed, parsePayload } from './frames.ts'
import { endCall, type OpenCall, startCall } from './tool-calls.ts'

type Emit = (event: WireEvent) => void

/**
 * Ollama's own API, `/api/chat` and `/api/generate`: lines of JSON, the same objects in an event
 * stream, or one whole answer.
 *
 * End marker: the object with `done: true`.
 * @see https://docs.ollama.com/api/chat (read 2026-11-21)
 */
export const ollama: WireFormat = { name: 'Ollama', decoder: decodeOllama }

function decodeOllama(): WireDecoder {
  let model: string | undefined
  let callCount = 0

  function readModel(payload: WireObject, emit: Emit): void {
    if (model !== undefined) return
    model = asText(payload['model'])
    if (model !== undefined) emit({ type: 'facts', model })
  }

  /** A call comes whole, its arguments as an object. Older servers give it no id. */
  function readCall(value: unknown, emit: Emit): void {
    const call = asObject(value)
    const described = asObject(call?.['function'])
    if (described === undefined) return
    callCount++
    const input = described['arguments'] ?? ''
    const whole: OpenCall = {
      id: asText(call?.['id']) ?? `call-${callCount}`,
      name: asText(described['name']) ?? '',
      inputText: typeof input === 'string' ? input : JSON.stringify(input),
    }
    startCall(whole, emit)
    endCall(whole, emit)
  }

  /** Reads what a line adds to the answer; `false` if it is a line of another kind. */
  function readAnswer(payload: WireObject, emit: Emit): boolean {
    // A chat answer stands in `message`, a generated one in the line itself.
    const message = asObject(payload['message'])
    const answer = message ?? payload
    const thinking = asText(answer['thinking'])
    if (thinking !== undefined) emit({ type: 'reasoning', text: thinking })
    const text = message === undefined ? payload['response'] : message['content']
    if (typeof text === 'string') emitText(text, emit)
    for (const image of asArray(answer['images'])) readImage(image, emit)
    const hasImage = readImage(answer['image'], emit)
    for (const call of asArray(answer['tool_calls'])) readCall(call, emit)
    return message !== undefined || typeof text === 'string' || thinking !== undefined || hasImage
  }

  function readEnd(payload: WireObject, emit: Emit): void {
    const reason = asText(payload['done_reason'])
    const finishReason = reason === undefined ? 'stop' : finishReasonOf(reason)
    const inputTokens = asNumber(payload['prompt_eval_count'])
    const outputTokens = asNumber(payload['eval_count'])
    const hasCounts = (inputTokens ?? outputTokens) !== undefined
    // Without the input, which is left out when the prompt was cached, there is no total.
    const totalTokens =
      inputTokens === undefined || outputTokens === undefined
        ? undefined
        : inputTokens + outputTokens
    emit({
      type: 'facts',
      // The reason is `stop` also where the model stopped to have tools called.
      finishReason: finishReason === 'stop' && callCount > 0 ? 'tool-calls' : finishReason,
      ...(reason && { rawFinishReason: reason }),
      ...(hasCounts && {
        usage: { ...defined({ inputTokens, outputTokens, totalTokens }), raw: payload },
      }),
    })
    emit({ type: 'complete' })
  }

  return {
    marksEnd: () => true,
    push(frame, emit) {
      if (frame.data === DONE) {
        if (callCount > 0) emit({ type: 'facts', finishReason: 'tool-calls' })
        return emit({ type: 'complete' })
      }
      if (isKeepalive(frame)) return
      if (frame.type === 'error' && !/^\s*[{[]/.test(frame.data)) {
        return emit({ type: 'error', error: providerError(frame.data) })
      }
      const payload = parsePayload(frame, ollama.name)
      if (!isObject(payload)) throw malformed(frame, ollama.name, 'its data is not an object')
      readModel(payload, emit)
      const isAnswer = readAnswer(payload, emit)
      if (payload['error'] || frame.type === 'error') {
        return emit({ type: 'error', error: providerError(payload) })
      }
      if (payload['done'] === true) return readEnd(payload, emit)
      if (!isAnswer) emit({ type: 'data', name: frame.type, data: payload })
    },
    // Nothing is held: calls come whole, and so does the reason to finish.
    end() {},
  }
}

/** An image comes as bare base64; its first characters tell the type. */
function readImage(value: unknown, emit: Emit): boolean {
  const image = asText(value)
  if (image === undefined) return false
  const mediaType = image.startsWith('/9j/')
    ? 'image/jpeg'
    : image.startsWith('UklGR')
      ? 'image/webp'
      : 'image/png'
  emit({ type: 'file', mediaType, url: `data:${mediaType};base64,${image}` })
  return true
}
