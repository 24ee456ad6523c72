import { readChat, streamChat } from 'chatwire'
import type { WireFormat } from 'chatwire/formats'
import * as formats from 'chatwire/formats'
import { byteByByte } from '../../helpers/cut.ts'
import { utf8 } from '../../helpers/encode.ts'
import type { Fixture, FormatName } from '../../helpers/fixture.ts'
import { checkPromises, checkToolCalls, doneOf, merged, run } from '../../helpers/run.ts'
import { responseOf } from '../../helpers/stream.ts'
import { equal, includes } from '../assert.ts'
import type { Suite } from '../check.ts'
import type { Server } from '../scenario.ts'

const byName: Record<FormatName, WireFormat> = formats

/** Every row of every format: whole, byte by byte, and over a socket in random pieces. */
export function formatSuite(server: Server): Suite {
  return {
    name: 'formats',
    parallel: 4,
    async register(check) {
      for (const [index, fixture] of (await server.fixtures()).entries()) {
        check(`${fixture.format}: ${fixture.name}`, () => checkRow(server, index, fixture))
      }
    },
  }
}

async function checkRow(server: Server, index: number, fixture: Fixture): Promise<void> {
  const { contentType, body } = fixture
  const options = fixture.sniffed === false ? { format: byName[fixture.format] } : {}
  const bytes = utf8(body)
  const whole = await run(readChat(responseOf([bytes], contentType), options))
  expectOutcome(whole, fixture)
  const others = {
    'byte by byte': readChat(responseOf(byteByByte(bytes), contentType), options),
    'over a socket': streamChat({ url: server.at('/fixture', { index }).url, ...options }),
  }
  for (const [way, stream] of Object.entries(others)) {
    const events = await run(stream)
    checkPromises(events)
    equal(merged(events, body), merged(whole, body), `the events, read ${way},`)
  }
}

/** The chief of what the row expects; the tests of the formats check all of it. */
function expectOutcome(events: Parameters<typeof merged>[0], { expect }: Fixture): void {
  checkPromises(events)
  checkToolCalls(events)
  const { error, usage, ...done } = doneOf(events)
  includes(done, {
    text: expect.text ?? '',
    reasoning: expect.reasoning ?? '',
    refusal: expect.refusal ?? '',
    finishReason: expect.finishReason,
    toolResults: expect.toolResults ?? [],
    files: expect.files ?? [],
  })
  equal(
    done.toolCalls.map(({ name, inputText }) => [name, inputText]),
    (expect.toolCalls ?? []).map(({ name, inputText }) => [name, inputText]),
    'the tool calls',
  )
  equal(error?.code, expect.error?.code, 'the code of the error')
  if (expect.usage !== undefined) includes(usage, expect.usage, 'usage')
}
