import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises'
import { sse } from '../../helpers/encode.ts'
import { rawHead, type TestServer } from '../../helpers/server.ts'
import { answer } from '../secrets.ts'
import { tcp } from '../serve.ts'

/** Three events in one packet. */
export const packet = tcp((socket) => {
  const body = sse([{ text: answer }, { reasoning: 'b' }, { text: 'c' }])
  socket.write(rawHead('connection: close') + body)
})

/** Fails if something else than the stream must happen first: it takes a few turns at most. */
export async function atOnce<T>(something: () => Promise<T>): Promise<T> {
  const late = async (): Promise<never> => {
    for (let count = 0; count < 5; count++) await turn()
    throw new Error('it does not come at once')
  }
  return Promise.race([something(), late()])
}

/** Waits until the request is on its way. */
export async function arrived(server: TestServer): Promise<void> {
  while (server.requests() === 0) await wait(2)
}
