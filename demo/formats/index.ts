import { anthropic } from './anthropic.ts'
import type { DemoFormat } from './format.ts'
import { openai } from './openai.ts'
import { plain } from './plain.ts'
import { text } from './text.ts'

/** The formats that the demo speaks, by their name in the URL. A new one is a file and a line. */
export const formats: ReadonlyMap<string, DemoFormat> = new Map([
  ['openai', openai],
  ['anthropic', anthropic],
  ['plain', plain],
  ['text', text],
])
