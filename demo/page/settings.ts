import type { BufferSpec } from 'chatwire'
import { formats } from '../formats/index.ts'
import { find } from './find.ts'

/** What the controls say. */
export interface Settings {
  format: string
  speed: string
  chunks: string
  buffer: BufferSpec | undefined
  pace: 'grapheme' | 'word' | undefined
}

const form = find('controls', HTMLFormElement)
const format = find('format', HTMLSelectElement)
for (const [name, { label }] of formats) format.add(new Option(label, name))

// An address can say what to begin with: `/?format=anthropic&speed=slow`.
for (const [name, value] of new URLSearchParams(location.search)) {
  const control = form.elements.namedItem(name)
  if (!(control instanceof HTMLSelectElement)) continue
  if ([...control.options].some((option) => option.value === value)) control.value = value
}

const listeners = new Set<() => void>()
let settings = read()

form.addEventListener('change', () => {
  settings = read()
  for (const listener of listeners) listener()
})

/** The settings of the moment: the same object until a control changes. */
export function getSettings(): Settings {
  return settings
}

export function subscribeToSettings(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

function read(): Settings {
  const data = new FormData(form)
  const value = (name: string): string => String(data.get(name) ?? '')
  const buffer = value('buffer')
  const pace = value('pace')
  return {
    format: value('format'),
    speed: value('speed'),
    chunks: value('chunks'),
    buffer: buffer === 'word' || buffer === 'line' ? buffer : Number(buffer) || undefined,
    pace: pace === 'word' || pace === 'grapheme' ? pace : undefined,
  }
}
