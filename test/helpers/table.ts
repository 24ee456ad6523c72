import type { ReadOptions } from 'chatwire'
import { readChat } from 'chatwire'
import { expect, test } from 'vitest'
import { byteByByte, scatteredCuts, twoWayCuts } from './cut.ts'
import { utf8 } from './encode.ts'
import type { Fixture } from './fixture.ts'
import { expectResult, formatOf } from './fixture.ts'
import { checkPromises, checkToolCalls, mergedText, run } from './run.ts'
import { responseOf } from './stream.ts'

/** Where a row is cut: at every position, or at so many scattered positions. */
type Cuts = 'all' | number

/** Of a browser it is the engine that is tested: Node goes through every cut. */
const isBrowser = typeof document === 'object'

function cutsOf(fixture: Fixture): Cuts {
  if (isBrowser) return 10
  if (fixture.variant) return 20
  // Every cut of a body reads all of it: what is longer is cut at scattered places.
  return utf8(fixture.body).length < 600 ? 'all' : 60
}

/** Registers one test for each row and each way of choosing the format. */
export function testTable(fixtures: readonly Fixture[]): void {
  test('every row has a name of its own', () => {
    const names = fixtures.map(({ name }) => name)
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
  })

  for (const fixture of fixtures) {
    const named = { format: formatOf(fixture.format) }
    const cuts = cutsOf(fixture)
    if (fixture.sniffed === false) {
      test(`${fixture.name} (named)`, () => testRow(fixture, named, cuts))
    } else {
      test(`${fixture.name} (sniffed)`, () => testRow(fixture, {}, cuts))
      // Once the format is known both take the same path, so that fewer cuts will do.
      test(`${fixture.name} (named)`, () => testRow(fixture, named, 10))
    }
  }
}

/** The row's result, whole and byte by byte; and the same events wherever the body is cut. */
async function testRow(fixture: Fixture, options: ReadOptions, cuts: Cuts): Promise<void> {
  const body = utf8(fixture.body)
  const read = (chunks: readonly Uint8Array[]) =>
    run(readChat(responseOf(chunks, fixture.contentType), options))

  const whole = await read([body])
  expectResult(whole, fixture.expect)
  checkPromises(whole)
  checkToolCalls(whole)

  const expected = mergedText(whole, fixture.body)
  const expectSame = async (chunks: readonly Uint8Array[]): Promise<void> => {
    const events = await read(chunks)
    checkPromises(events)
    const actual = mergedText(events, fixture.body)
    if (actual === expected) return
    const cuts = chunks.map(({ length }) => length).join('+')
    expect(JSON.parse(actual), `cut at ${cuts}`).toEqual(JSON.parse(expected))
  }

  await expectSame(byteByByte(body))
  const cutBodies = cuts === 'all' ? twoWayCuts(body) : scatteredCuts(body, cuts)
  for (const chunks of cutBodies) await expectSame(chunks)
}
