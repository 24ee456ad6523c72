import { readdir, readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { formatFiles, sseFile } from '../../scripts/conformance.ts'
import { faultsOf } from './schema.ts'

const read = (path: string) => readFile(`conformance/${path}`, 'utf8')
const readJson = async (path: string): Promise<unknown> => JSON.parse(await read(path))

const files: [path: string, file: { vectors: { name: string }[] }][] = [
  ['sse.json', sseFile],
  ...[...formatFiles].map(([name, file]): (typeof files)[number] => [`formats/${name}.json`, file]),
]

for (const [path, file] of files) {
  const schemaPath = path === 'sse.json' ? 'schema/sse.schema.json' : 'schema/format.schema.json'

  test(`${path} says what the fixtures say`, async () => {
    // If not: npm run build && node scripts/conformance.ts && npm run format
    expect(await readJson(path)).toEqual(JSON.parse(JSON.stringify(file)))
  })

  test(`${path} has the shape that its schema describes`, async () => {
    expect(faultsOf(await readJson(path), await readJson(schemaPath))).toEqual([])
  })

  test(`${path} is ASCII, so that nothing in it is invisible`, async () => {
    expect([...(await read(path)).matchAll(/[^\n -~]/g)]).toEqual([])
  })

  test(`${path} has no two vectors of one name`, () => {
    const names = file.vectors.map(({ name }) => name)
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
  })
}

test('there is a file for each format, and no other', async () => {
  const names = await readdir('conformance/formats')
  expect(names.sort()).toEqual([...formatFiles.keys()].map((name) => `${name}.json`).sort())
})

test('the schemas find what is wrong', async () => {
  const schema = await readJson('schema/sse.schema.json')
  const vector = { name: 'a', rule: 'b', section: 'event-stream-interpretation', events: [] }
  const faults = (changed: object) =>
    faultsOf({ specification: 's', vectors: [{ ...vector, body: '', ...changed }] }, schema)
  expect(faults({})).toEqual([])
  expect(faults({ bodyBase64: 'YQ==' })).toEqual(['/vectors/0: oneOf'])
  expect(faults({ other: 1 })).toEqual(['/vectors/0: additionalProperties'])
  expect(faults({ name: 1 })).toEqual(['/vectors/0/name: type'])
  expect(faults({ name: '' })).toEqual(['/vectors/0/name: pattern'])
  expect(faults({ section: 'x' })).toEqual(['/vectors/0/section: enum'])
  expect(faults({ events: [['message', 'a']] })).toEqual(['/vectors/0/events/0: minItems'])
  expect(faults({ events: [['message', 'a', 1]] })).toEqual(['/vectors/0/events/0/2: type'])
  expect(faults({ reconnectionTime: '1s' })).toEqual(['/vectors/0/reconnectionTime: pattern'])
  expect(faultsOf({ vectors: [] }, schema)).toEqual([': required', '/vectors: minItems'])
})
