import type { Scenario } from './harness.ts'
import { aborting } from './rows/aborting.ts'
import { compressed } from './rows/compressed.ts'
import { connect, silence } from './rows/connect.ts'
import * as content from './rows/content.ts'
import { ending, resetting } from './rows/cut.ts'
import { overHttp2 } from './rows/http2.ts'
import { injected } from './rows/injected.ts'
import { consumers, leavings } from './rows/leaving.ts'
import * as mislabelled from './rows/mislabelled.ts'
import * as refused from './rows/refused.ts'
import { excess, plenty } from './rows/size.ts'

/** All scenarios, by what is wrong. */
export const scenarios: Record<string, readonly Scenario[]> = {
  'before the headers': connect,
  silence,
  'a reset': resetting,
  'an end': ending,
  compression: compressed,
  'a fetch that': injected,
  'HTTP/2': overHttp2,
  'an abort': aborting,
  leaving: leavings,
  consumers: consumers,
  'an event stream with': content.encoding,
  'a frame': content.frames,
  'a failure that the server reports': content.reported,
  'the end marker': content.marker,
  'more than is taken': excess,
  'a hundred thousand times is no trouble': plenty,
  'a status': refused.statuses,
  'a refusal with the words of': refused.providers,
  'a Retry-After': refused.delays,
  'the body of a refusal': refused.bodies,
  'a success that is no stream': mislabelled.bodies,
  'the content type of a stream': [...mislabelled.types, ...mislabelled.otherTypes],
}
