import { readFile, writeFile } from 'node:fs/promises'

const file = 'docs/speed.md'
const begin = '<!-- The tables: written by `npm run bench` -->'
const end = '<!-- End of the tables -->'

/** Puts the tables of a run between the two marks. */
export async function putIntoPage(tables: string): Promise<void> {
  const text = await readFile(file, 'utf8')
  const [before, rest] = text.split(begin)
  const after = rest?.split(end)[1]
  if (before === undefined || after === undefined) throw new Error(`${file} has lost its marks.`)
  const block = `${begin}\n\n\`\`\`\n${tables}\n\`\`\`\n\n${end}`
  await writeFile(file, before + block + after)
}
