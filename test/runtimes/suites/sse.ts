import { createSseDecoder } from 'chatwire'
import { eventsOf, sseRows } from '../../fixtures/sse.ts'
import { byteByByte, twoWayCuts } from '../../helpers/cut.ts'
import { decode } from '../../helpers/decode.ts'
import { bytes } from '../../helpers/encode.ts'
import { equal } from '../assert.ts'
import type { Suite } from '../check.ts'

/** The rules of the event stream: whole, byte by byte, and cut in two everywhere. */
export const sseSuite: Suite = {
  name: 'sse',
  register(check) {
    for (const row of sseRows) {
      const body = bytes(row.body)
      check(row.rule, () => {
        const retries = (row.retries ?? []).map(Number)
        for (const chunks of [[body], byteByByte(body), ...twoWayCuts(body)]) {
          const actual = decode(chunks)
          const where = `cut at ${chunks[0]?.length} of ${body.length}`
          equal(actual.events, eventsOf(row.events), `the events, ${where},`)
          equal(actual.retries, retries, `the reconnection times, ${where},`)
        }
      })
      check(`${row.rule} (with a lenient end)`, () => {
        const events = eventsOf(row.lenient ?? row.events)
        for (const chunks of [[body], byteByByte(body), ...twoWayCuts(body)]) {
          equal(decode(chunks, { lenientEnd: true }).events, events)
        }
      })
    }

    check('text and bytes may be mixed', () => {
      const chunks = ['da', bytes('ta: é'), '日', bytes('\n'), '\n', 'data: b\n\n']
      equal(
        decode(chunks).events.map(({ data }) => data),
        ['é日', 'b'],
      )
    })

    check('a chunk that is a view into a larger buffer is read as the view', () => {
      const whole = bytes('xxdata: a\n\nxx')
      equal(
        decode([whole.subarray(2, 11)]).events.map(({ data }) => data),
        ['a'],
      )
    })

    check('an event whose blank line is a lone CR is handed on at once', () => {
      const events: string[] = []
      createSseDecoder().push('data: a\r\r', ({ data }) => events.push(data))
      equal(events, ['a'])
    })
  },
}
