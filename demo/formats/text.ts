import type { DemoFormat } from './format.ts'

/** The text itself and nothing else. It has no end marker, and no way to report a failure. */
export const text: DemoFormat = {
  label: 'Raw text',
  contentType: 'text/plain; charset=utf-8',
  frames: (answer) => answer.text,
  unauthorized: { detail: 'Not authenticated' },
}
