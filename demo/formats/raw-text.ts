import type { DemoFormat } from './format.ts'

/** The text itself and nothing else. It has no end marker, and no way to report a failure. */
export const rawText: DemoFormat = {
  label: 'Raw text',
  contentType: 'text/plain; charset=utf-8',
  hasTools: false,
  frames: (answer) => answer.text,
  unauthorized: { detail: 'Not authenticated' },
}
