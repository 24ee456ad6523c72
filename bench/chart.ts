import type { Column } from './measure.ts'
export function chartOf(columns: Column[]): string {
  return String(columns.length)
}
