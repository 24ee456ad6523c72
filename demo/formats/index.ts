import { agui } from './agui.ts'
import { aiSdk } from './ai-sdk.ts'
import { aiSdkData } from './ai-sdk-data.ts'
import { anthropic } from './anthropic.ts'
import { cohere } from './cohere.ts'
import type { DemoFormat } from './format.ts'
import { gemini } from './gemini.ts'
import { geminiInteractions } from './gemini-interactions.ts'
import { langgraph } from './langgraph.ts'
import { ollama } from './ollama.ts'
import { openaiChat } from './openai-chat.ts'
import { openaiResponses } from './openai-responses.ts'
import { plain } from './plain.ts'
import { rawText } from './raw-text.ts'

/** The formats that the demo speaks, by the names they have in `chatwire/formats` and in the URL. */
export const formats: ReadonlyMap<string, DemoFormat> = new Map([
  ['openaiChat', openaiChat],
  ['anthropic', anthropic],
  ['openaiResponses', openaiResponses],
  ['gemini', gemini],
  ['geminiInteractions', geminiInteractions],
  ['aiSdk', aiSdk],
  ['aiSdkData', aiSdkData],
  ['agui', agui],
  ['cohere', cohere],
  ['ollama', ollama],
  ['langgraph', langgraph],
  ['plain', plain],
  ['rawText', rawText],
])
