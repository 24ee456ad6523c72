import { access, glob, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import * as formats from 'chatwire/formats'
import { expect, test } from 'vitest'

/** Every page for people, with the code taken out: nothing in it is a link or a heading. */
const pages = new Map<string, string>()
for await (const file of glob('{*.md,docs/**/*.md,.github/**/*.md}')) {
  const text = await readFile(file, 'utf8')
  pages.set(file.replaceAll('\\', '/'), text.replaceAll(/^( *)```[\s\S]*?^\1```$/gm, ''))
}

/** The anchors that GitHub makes of a page's headings. */
function anchorsOf(page: string): Set<string> {
  const anchors = new Set<string>()
  for (const [, heading = ''] of page.matchAll(/^#{1,6} +(.*)$/gm)) {
    const words = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
    const slug = words.replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, '').replaceAll(' ', '-')
    let anchor = slug
    for (let i = 1; anchors.has(anchor); i++) anchor = `${slug}-${i}`
    anchors.add(anchor)
  }
  return anchors
}

/** What is wrong with a link from `file`, if anything. Other sites are not asked. */
async function faultOf(file: string, link: string): Promise<string | undefined> {
  if (/^https:\/\//.test(link)) return undefined
  if (/^[a-z]+:/i.test(link)) return `${file}: ${link} is not https`
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? file : join(dirname(file), path).replaceAll('\\', '/')
  const exists = await access(target).then(
    () => true,
    () => false,
  )
  if (!exists) return `${file}: ${link} leads nowhere`
  const page = pages.get(target)
  if (anchor === undefined || (page !== undefined && anchorsOf(page).has(anchor))) return undefined
  return `${file}: ${link} has no such heading`
}

const linksOf = (page: string) =>
  [...page.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link]) => link ?? [])

test('every link between the pages leads somewhere', async () => {
  const links = [...pages].flatMap(([file, page]) => linksOf(page).map((link) => ({ file, link })))
  expect(links.length).toBeGreaterThan(50)
  const faults = await Promise.all(links.map(({ file, link }) => faultOf(file, link)))
  expect(faults.filter(Boolean)).toEqual([])
})

test('every page of the docs can be reached from their first page', () => {
  const seen = new Set<string>()
  const visit = (file: string): void => {
    if (seen.has(file)) return
    seen.add(file)
    for (const link of linksOf(pages.get(file) ?? '')) {
      const target = join(dirname(file), link.replace(/#.*/, '')).replaceAll('\\', '/')
      if (pages.has(target)) visit(target)
    }
  }
  visit('docs/README.md')
  expect([...pages.keys()].filter((file) => /^docs/.test(file) && !seen.has(file))).toEqual([])
})

test('the page about formats has a section for every format', () => {
  const page = pages.get('docs/formats.md') ?? ''
  const headings = [...page.matchAll(/^## (\w+)$/gm)].map(([, name]) => name)
  const names = Object.keys(formats)
  expect(names.filter((name) => !headings.includes(name))).toEqual([])
})
